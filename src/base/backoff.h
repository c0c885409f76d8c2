// Waits that grow: doubled after each failure up to a limit, with jitter so that instances do not
// march in step.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace deadletter {

// Not thread-safe; one a loop.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds limit)
      : first_(first), limit_(limit), next_(first) {}

  // Between half of the present step and the whole of it; then the step doubles.
  [[nodiscard]] std::chrono::milliseconds Next() {
    const auto step = next_;
    next_ = std::min(limit_, next_ * 2);
    std::uniform_int_distribution<std::int64_t> jitter(step.count() / 2, step.count());
    return std::chrono::milliseconds(jitter(random_));
  }

  void Reset() { next_ = first_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds limit_;
  std::chrono::milliseconds next_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace deadletter
