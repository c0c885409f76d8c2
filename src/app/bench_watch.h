// A measurement as it is followed: told to stop, whether it gets on, and what a terminal shows of
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/signal.h"

namespace deadletter {

// One line that is written over, on standard error, where that is a terminal; nothing elsewhere.
class BenchProgress {
 public:
  BenchProgress();
  void Show(const std::string& line);
  void Clear();

 private:
  const bool shown_;
  std::chrono::steady_clock::time_point last_{};
  bool dirty_ = false;
};

// How long a stage may stand still.
inline constexpr std::chrono::seconds kBenchStandstill{60};

// One stage, from its first step to its last.
class BenchStage {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;

  BenchStage(
      std::string name, std::int64_t goal, std::stop_token stop, BenchProgress& progress,
      Now now = [] { return std::chrono::steady_clock::now(); });

  // That so much is done. The error: we were told to stop, or nothing has been added for
  // kBenchStandstill.
  [[nodiscard]] Result<void> Reached(std::int64_t done);
  // The same, and then a moment's wait.
  [[nodiscard]] Result<void> Await(std::int64_t done);
  [[nodiscard]] bool IsDone(std::int64_t done) const { return done >= goal_; }

 private:
  const std::string name_;
  const std::int64_t goal_;
  const std::stop_token stop_;
  BenchProgress& progress_;
  const Now now_;
  Signal pause_;  // never notified
  std::int64_t done_ = -1;
  std::chrono::steady_clock::time_point since_{};
};

}  // namespace deadletter
