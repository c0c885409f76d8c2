#include "app/bench_watch.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

class BenchStages : public testing::Test {
 protected:
  BenchStage Make() {
    return {"run 1 of 3, road", 100, stop_.get_token(), progress_, [this] { return now_; }};
  }

  std::stop_source stop_;
  BenchProgress progress_;
  std::chrono::steady_clock::time_point now_{};
};

TEST_F(BenchStages, P9_OneThatStandsStillIsGivenUp) {
  BenchStage stage = Make();
  EXPECT_TRUE(stage.Reached(0));
  now_ += kBenchStandstill - std::chrono::seconds(1);
  EXPECT_TRUE(stage.Reached(0));
  now_ += std::chrono::seconds(1);
  const auto given_up = stage.Reached(0);
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().message, "run 1 of 3, road: stood still for 60 s at 0 of 100");
}

TEST_F(BenchStages, OneThatGetsOnMayTakeAnyTime) {
  BenchStage stage = Make();
  for (std::int64_t done = 0; done < 100; ++done) {
    EXPECT_FALSE(stage.IsDone(done));
    EXPECT_TRUE(stage.Reached(done)) << done;
    now_ += kBenchStandstill - std::chrono::seconds(1);
  }
  EXPECT_TRUE(stage.IsDone(100));
}

TEST_F(BenchStages, OneThatIsToldToStopStops) {
  BenchStage stage = Make();
  stop_.request_stop();
  EXPECT_FALSE(stage.Await(1));
}

}  // namespace
}  // namespace deadletter
