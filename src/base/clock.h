// Time as the ledger keeps it: UTC instants in microseconds, PostgreSQL's precision.
#pragma once

#include <chrono>

namespace deadletter {

using Instant = std::chrono::sys_time<std::chrono::microseconds>;
using Microseconds = std::chrono::microseconds;

// Injected wherever the time is asked, so that tests decide it. Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override {
    return std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace deadletter
