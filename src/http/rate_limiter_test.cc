#include "http/rate_limiter.h"

#include <gtest/gtest.h>

namespace deadletter::http {
namespace {

using std::chrono::milliseconds;

class RateLimiterTest : public ::testing::Test {
 protected:
  // How many of `wanted` requests are let through at this moment.
  int Passed(const std::string& caller, int wanted) {
    int passed = 0;
    for (int count = 0; count < wanted; ++count) passed += limiter_.Refuse(caller) ? 0 : 1;
    return passed;
  }

  SteadyTime now_{};
  RateLimiter limiter_{{.per_second = 10, .burst = 20}, [this] { return now_; }};
};

TEST_F(RateLimiterTest, WhoWasQuietMayAskABurstAndThenAsManyAsTheRateAllows) {
  EXPECT_EQ(Passed("a", 25), 20);
  now_ += milliseconds(100);
  EXPECT_EQ(Passed("a", 5), 1);
  now_ += milliseconds(500);
  EXPECT_EQ(Passed("a", 10), 5);
  now_ += std::chrono::hours(1);
  EXPECT_EQ(Passed("a", 25), 20);
}

TEST_F(RateLimiterTest, NobodyPaysForAnother) {
  EXPECT_EQ(Passed("a", 25), 20);
  EXPECT_EQ(Passed("b", 5), 5);
}

TEST_F(RateLimiterTest, TheWaitIsTold) {
  EXPECT_EQ(Passed("a", 20), 20);
  EXPECT_EQ(limiter_.Refuse("a"), 1U);
  RateLimiter slow({.per_second = 0.1, .burst = 1}, [this] { return now_; });
  EXPECT_EQ(slow.Refuse("a"), std::nullopt);
  EXPECT_EQ(slow.Refuse("a"), 10U);
  now_ += std::chrono::seconds(4);
  EXPECT_EQ(slow.Refuse("a"), 6U);
}

TEST_F(RateLimiterTest, P9_HoweverManyAskOurMemoryIsBounded) {
  for (std::size_t caller = 0; caller < 2 * RateLimiter::kMaxCallers; ++caller)
    EXPECT_EQ(limiter_.Refuse(std::to_string(caller)), std::nullopt);
  EXPECT_EQ(limiter_.callers(), RateLimiter::kMaxCallers);
  now_ += std::chrono::seconds(1);  // their buckets are full again
  EXPECT_EQ(limiter_.Refuse("one more"), std::nullopt);
  EXPECT_EQ(limiter_.callers(), 1U);
}

}  // namespace
}  // namespace deadletter::http
