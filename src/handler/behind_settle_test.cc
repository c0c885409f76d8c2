#include "handler/behind_settle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace deadletter {
namespace {

using Round = BehindSettle::Round;

// Answers as it is told, and notes what it was asked.
struct CountingScript {
  std::vector<LedgerResult<CountProgress>> answers;  // one a call; then nothing is left to do
  std::vector<std::size_t> asked_for;
  int pruned = 0;
  bool aborted = false;
  std::mutex mutex;
  std::condition_variable asked;

  [[nodiscard]] bool WaitForCalls(std::size_t calls) {
    std::unique_lock lock(mutex);
    return asked.wait_for(lock, std::chrono::seconds(10),
                          [&] { return asked_for.size() >= calls; });
  }
};

class ScriptedCounting final : public Counting {
 public:
  explicit ScriptedCounting(CountingScript& script) : script_(script) {}

  std::size_t AtOnce() const override { return 17; }
  LedgerResult<CountProgress> Count(std::size_t max_letters, Instant) override {
    const std::lock_guard lock(script_.mutex);
    const std::size_t call = script_.asked_for.size();
    script_.asked_for.push_back(max_letters);
    script_.asked.notify_all();
    if (call >= script_.answers.size()) return CountProgress{};
    return script_.answers[call];
  }
  LedgerResult<std::size_t> Prune(Instant, std::size_t) override {
    ++script_.pruned;
    return std::size_t{0};
  }
  void Abort() override { script_.aborted = true; }

 private:
  CountingScript& script_;
};

Unexpected<LedgerError> Failing(LedgerFault fault) {
  return Unexpected<LedgerError>({.fault = fault, .code = "", .message = "scripted"});
}

CountProgress Done(std::size_t letters, std::int64_t uncounted) {
  return {.letters = letters, .uncounted = uncounted, .more = uncounted > 0};
}

class BehindSettleTest : public ::testing::Test {
 protected:
  BehindSettle Make(BehindSettleOptions options = {}) {
    return {std::make_unique<ScriptedCounting>(script_),
            [this] { return has_backlog_; },
            clock_,
            metrics_,
            health_,
            options};
  }
  std::optional<HealthState> StateOfGroups() const {
    for (const HealthReport& report : health_.Reports()) {
      if (report.part == "groups") return report.state;
    }
    return std::nullopt;
  }

  CountingScript script_;
  bool has_backlog_ = false;
  SystemClock clock_;
  Metrics metrics_;
  Health health_;
};

TEST_F(BehindSettleTest, CountsALittleAtATimeUntilNothingIsLeft) {
  script_.answers = {Done(17, 20), Done(17, 3), Done(3, 0)};
  BehindSettle behind = Make();
  EXPECT_EQ(behind.WorkOnce(), Round::kWorked);
  EXPECT_THAT(metrics_.Expose(), testing::HasSubstr("deadletter_uncounted_letters 20"));
  EXPECT_EQ(behind.WorkOnce(), Round::kWorked);
  EXPECT_EQ(behind.WorkOnce(), Round::kIdle);
  EXPECT_THAT(metrics_.Expose(), testing::HasSubstr("deadletter_uncounted_letters 0"));
  EXPECT_THAT(script_.asked_for, testing::ElementsAre(17, 17, 17));
}

TEST_F(BehindSettleTest, WaitsWhileIntakeHasABacklog) {
  has_backlog_ = true;
  BehindSettle behind = Make({.longest_backlog = std::chrono::hours(1)});
  for (int round = 0; round < 5; ++round) EXPECT_EQ(behind.WorkOnce(), Round::kBacklog);
  EXPECT_THAT(script_.asked_for, testing::IsEmpty());
  has_backlog_ = false;
  EXPECT_EQ(behind.WorkOnce(), Round::kIdle);
  EXPECT_EQ(script_.asked_for.size(), 1U);
}

TEST_F(BehindSettleTest, P5_DoesALittleAllTheSameWhereTheBacklogDoesNotEnd) {
  has_backlog_ = true;
  BehindSettle behind = Make({.longest_backlog = std::chrono::milliseconds(0)});
  EXPECT_EQ(behind.WorkOnce(), Round::kIdle);
  EXPECT_EQ(script_.asked_for.size(), 1U);
}

TEST_F(BehindSettleTest, SomebodyElsesTurnIsNoTrouble) {
  script_.answers = {Failing(LedgerFault::kBusy), Failing(LedgerFault::kRowLocked)};
  BehindSettle behind = Make();
  EXPECT_EQ(behind.WorkOnce(), Round::kIdle);
  EXPECT_EQ(behind.WorkOnce(), Round::kIdle);
}

TEST_F(BehindSettleTest, TroubleIsAWarningAndPasses) {
  script_.answers = {Failing(LedgerFault::kUnavailable), Failing(LedgerFault::kStatement),
                     Done(1, 5)};
  BehindSettle failing = Make();
  EXPECT_FALSE(failing.WorkOnce().has_value());

  BehindSettle behind = Make({.idle_wait = std::chrono::hours(1)});
  behind.Start();
  ASSERT_TRUE(script_.WaitForCalls(2));
  // The next call comes once it was said.
  ASSERT_TRUE(script_.WaitForCalls(4)) << "tried again, and then there is more to do";
  behind.Stop();
  EXPECT_EQ(StateOfGroups(), HealthState::kReady);
  EXPECT_TRUE(script_.aborted);
}

TEST_F(BehindSettleTest, P5_NoTroubleOfItsMakesTheServerUnready) {
  script_.answers.assign(10, Failing(LedgerFault::kStatement));
  BehindSettle behind = Make();
  behind.Start();
  ASSERT_TRUE(script_.WaitForCalls(2));
  behind.Stop();
  EXPECT_EQ(StateOfGroups(), HealthState::kWarning);
  EXPECT_TRUE(health_.IsReady());
}

TEST_F(BehindSettleTest, ForgetsWhatIsOldNowAndThen) {
  BehindSettle behind = Make({.prune_every = std::chrono::hours(1)});
  for (int round = 0; round < 3; ++round) EXPECT_EQ(behind.WorkOnce(), Round::kIdle);
  EXPECT_EQ(script_.pruned, 1);
  BehindSettle often = Make({.prune_every = std::chrono::milliseconds(0)});
  for (int round = 0; round < 3; ++round) EXPECT_EQ(often.WorkOnce(), Round::kIdle);
  EXPECT_EQ(script_.pruned, 4);
}

TEST_F(BehindSettleTest, AStopInterruptsAnyWait) {
  for (const bool has_backlog : {false, true}) {
    has_backlog_ = has_backlog;
    BehindSettle behind = Make({.idle_wait = std::chrono::hours(1),
                                .backlog_wait = std::chrono::hours(1),
                                .longest_backlog = std::chrono::hours(1)});
    behind.Start();
    behind.Stop();
  }
}

}  // namespace
}  // namespace deadletter
