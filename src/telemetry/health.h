// What is missing right now, for /readyz and for the log: each part of the service says so itself.
#pragma once

#include <chrono>
#include <condition_variable>
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
  // Until that part says that it is ready, or does no more than warn; false: not within `limit`.
  [[nodiscard]] bool WaitUntilReady(const std::string& part, std::chrono::milliseconds limit) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::string, HealthReport> reports_;
};

}  // namespace deadletter
