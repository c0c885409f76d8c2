// How many requests somebody may make: a bucket each, filled at a rate, of which every request
// takes one out.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace deadletter::http {

using SteadyTime = std::chrono::steady_clock::time_point;

struct RateLimit {
  double per_second = 200;
  double burst = 400;  // at once, by somebody who has been quiet
};

// Safe from any thread.
class RateLimiter {
 public:
  // Bounds our memory (P9). Beyond it those who have been quiet for long are forgotten, which costs
  // them nothing, and then whoever comes first.
  static constexpr std::size_t kMaxCallers = 10'000;

  explicit RateLimiter(RateLimit limit,
                       std::function<SteadyTime()> now = &std::chrono::steady_clock::now);

  // Takes one out of `caller`'s bucket. Otherwise: how many seconds to wait for the next, at
  // least 1.
  [[nodiscard]] std::optional<unsigned> Refuse(const std::string& caller);

  [[nodiscard]] std::size_t callers() const;

 private:
  struct Bucket {
    double left = 0;
    SteadyTime at;  // when that was
  };

  [[nodiscard]] double LeftIn(const Bucket& bucket, SteadyTime now) const;
  void MakeRoom(SteadyTime now);

  const RateLimit limit_;
  const std::function<SteadyTime()> now_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;  // guarded by mutex_
};

}  // namespace deadletter::http
