// What is missing right now, for /readyz and for the log: each part of the service says so itself.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace deadletter {

enum class HealthState {
  kReady,
  kWarning,  // the service does its work; a person should look
  kMissing,  // it cannot, and tries again by itself: /readyz is 503
};

struct HealthReport {
  std::string part;  // "queue attune.dlx.queue", "ledger", "events", …
  HealthState state = HealthState::kMissing;
  std::string message;  // one line; empty when ready
};

// Safe from any thread.
class Health {
 public:
  // Returns whether this differs from what was said before, so that the caller logs each change
  // once.
  bool Set(const std::string& part, HealthState state, std::string message = "");
  [[nodiscard]] std::vector<HealthReport> Reports() const;  // sorted by part
  [[nodiscard]] bool IsReady() const;  // no part is missing, and at least one has reported

 private:
  mutable std::mutex mutex_;
  std::map<std::string, HealthReport> reports_;
};

}  // namespace deadletter
