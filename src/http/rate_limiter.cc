#include "http/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace deadletter::http {

RateLimiter::RateLimiter(RateLimit limit, std::function<SteadyTime()> now)
    : limit_(limit), now_(std::move(now)) {}

double RateLimiter::LeftIn(const Bucket& bucket, SteadyTime now) const {
  const std::chrono::duration<double> since = now - bucket.at;
  return std::min(limit_.burst, bucket.left + since.count() * limit_.per_second);
}

void RateLimiter::MakeRoom(SteadyTime now) {
  if (buckets_.size() < kMaxCallers) return;
  std::erase_if(buckets_,
                [&](const auto& each) { return LeftIn(each.second, now) >= limit_.burst; });
  if (buckets_.size() >= kMaxCallers) buckets_.erase(buckets_.begin());
}

std::optional<unsigned> RateLimiter::Refuse(const std::string& caller) {
  const std::scoped_lock lock(mutex_);
  const SteadyTime now = now_();
  auto found = buckets_.find(caller);
  if (found == buckets_.end()) {
    MakeRoom(now);
    found = buckets_.emplace(caller, Bucket{.left = limit_.burst, .at = now}).first;
  }
  Bucket& bucket = found->second;
  bucket = {.left = LeftIn(bucket, now), .at = now};
  if (bucket.left < 1) {
    const double seconds = std::ceil((1 - bucket.left) / limit_.per_second);
    return static_cast<unsigned>(std::max(seconds, 1.0));
  }
  bucket.left -= 1;
  return std::nullopt;
}

std::size_t RateLimiter::callers() const {
  const std::scoped_lock lock(mutex_);
  return buckets_.size();
}

}  // namespace deadletter::http
