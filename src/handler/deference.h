// Who lets intake go first, and for how long.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace deadletter {

// Whether intake has more to do than it does at once; may be asked from any thread, and never
// waits.
using Backlog = std::function<bool()>;

// Of one thread.
class Deference {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // While there is a backlog, one turn is taken all the same after `longest` without one: a flood
  // that does not end must not stop the rest for good.
  Deference(Backlog backlog, std::chrono::milliseconds longest)
      : backlog_(std::move(backlog)), longest_(longest) {}

  [[nodiscard]] bool MustWait(SteadyTime now) {
    if (!backlog_ || !backlog_()) {
      waits_since_.reset();
      return false;
    }
    if (!waits_since_) waits_since_ = now;
    if (now - *waits_since_ < longest_) return true;
    waits_since_ = now;
    return false;
  }

 private:
  const Backlog backlog_;
  const std::chrono::milliseconds longest_;
  std::optional<SteadyTime> waits_since_;
};

}  // namespace deadletter
