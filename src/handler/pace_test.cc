#include "handler/pace.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

using std::chrono::milliseconds;

const Pace::Moment kStart{};

ReplayCounts Counts(std::int64_t out, std::int64_t awaiting) {
  ReplayCounts counts;
  counts.letters = 100'000;
  counts.out = out;
  counts.awaiting = awaiting;
  return counts;
}

TEST(Pace, WithoutARateEverythingGoes) {
  Pace pace;
  EXPECT_EQ(pace.Take(0, 200, kStart), 200u);
  EXPECT_FALSE(pace.UntilNext(0));
}

TEST(Pace, LetsThroughWhatTheRateBrings) {
  Pace pace;
  std::size_t taken = 0;
  for (int step = 0; step <= 1000; ++step)
    taken += pace.Take(50'000, 200, kStart + milliseconds(10 * step));
  EXPECT_NEAR(static_cast<double>(taken), 50 * 10, 2);
}

TEST(Pace, DoesNotMakeUpForAPause) {
  Pace pace;
  EXPECT_EQ(pace.Take(100'000, 200, kStart), 1u);
  const Pace::Moment later = kStart + std::chrono::hours(1);
  std::size_t taken = 0;
  for (int window = 0; window < 10; ++window) {
    const std::size_t at_once = pace.Take(100'000, 200, later);
    EXPECT_LE(at_once, 10u);
    taken += at_once;
  }
  EXPECT_EQ(taken, 50u);
}

// A window that takes four times as long as its letters are due for, now and then.
TEST(Pace, KeepsTheRateWhereAWindowTakesItsTime) {
  Pace pace;
  std::size_t taken = 0;
  int now = 0;
  for (int window = 0; now < 60'000; ++window) {
    taken += pace.Take(1'000'000, 200, kStart + milliseconds(now));
    now += window % 10 == 0 ? 400 : 60;
  }
  EXPECT_NEAR(static_cast<double>(taken), 60'000, 600);
}

TEST(Pace, ARateBelowOneASecondIsKeptToo) {
  Pace pace;
  EXPECT_EQ(pace.Take(500, 10, kStart), 1u);
  EXPECT_EQ(pace.Take(500, 10, kStart + milliseconds(1'900)), 0u);
  EXPECT_GE(pace.UntilNext(500).value(), milliseconds(100));
  EXPECT_EQ(pace.Take(500, 10, kStart + milliseconds(2'001)), 1u);
}

TEST(Pace, WhatWasNotUsedIsGivenBack) {
  Pace pace;
  EXPECT_EQ(pace.Take(1'000, 1, kStart), 1u);
  pace.GiveBack(1);
  EXPECT_EQ(pace.Take(1'000, 1, kStart), 1u);
}

TEST(Ramp, GoesOnOnlyOnceEverythingIsAnswered) {
  EXPECT_EQ(RampAllows(Counts(0, 0)), 1u);
  EXPECT_EQ(RampAllows(Counts(1, 1)), 0u);
  EXPECT_EQ(RampAllows(Counts(1, 0)), 9u);
  EXPECT_EQ(RampAllows(Counts(4, 3)), 6u) << "within its step";
  EXPECT_EQ(RampAllows(Counts(10, 1)), 0u);
  EXPECT_EQ(RampAllows(Counts(10, 0)), 90u);
}

TEST(WhyStop, TooManyOfThoseAnsweredFailedAgain) {
  ReplaySpec spec;
  spec.stop_percent = 20;
  ReplayCounts counts;
  counts.ends = {{ReplayEnd::kSucceeded, 8}, {ReplayEnd::kFailedAgain, 2}};
  EXPECT_EQ(WhyStop(spec, counts, {}), "2 of 10 answered failed again");
  counts.ends[ReplayEnd::kSucceeded] = 9;
  EXPECT_FALSE(WhyStop(spec, counts, {}));
  counts.ends = {{ReplayEnd::kFailedAgain, 9}};
  EXPECT_FALSE(WhyStop(spec, counts, {})) << "too few to tell";
  spec.ramp = true;
  EXPECT_TRUE(WhyStop(spec, counts, {}));
  EXPECT_FALSE(WhyStop(spec, counts, {.failed_again = 9, .succeeded = 0})) << "known before";
  spec.stop_percent = 0;
  EXPECT_FALSE(WhyStop(spec, counts, {}));
}

}  // namespace
}  // namespace deadletter
