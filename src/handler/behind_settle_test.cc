#include "handler/behind_settle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "handler/counter.h"

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
  std::unique_ptr<BehindSettle> Make(
      BehindSettleOptions options = {},
      std::chrono::milliseconds prune_every = std::chrono::hours(1)) {
    std::vector<std::unique_ptr<Chore>> chores;
    if (other_) chores.push_back(std::move(other_));
    chores.push_back(std::make_unique<Counter>(std::make_unique<ScriptedCounting>(script_), clock_,
                                               metrics_, prune_every));
    return std::make_unique<BehindSettle>(
        std::move(chores), [this] { return has_backlog_; }, health_, options);
  }
  std::optional<HealthState> StateOf(const std::string& part) const {
    for (const HealthReport& report : health_.Reports()) {
      if (report.part == part) return report.state;
    }
    return std::nullopt;
  }

  CountingScript script_;
  std::unique_ptr<Chore> other_;  // comes first; null: there is none
  bool has_backlog_ = false;
  SystemClock clock_;
  Metrics metrics_;
  Health health_;
};

TEST_F(BehindSettleTest, CountsALittleAtATimeUntilNothingIsLeft) {
  script_.answers = {Done(17, 20), Done(17, 3), Done(3, 0)};
  const auto behind = Make();
  EXPECT_EQ(behind->WorkOnce(), Round::kWorked);
  EXPECT_THAT(metrics_.Expose(), testing::HasSubstr("deadletter_uncounted_letters 20"));
  EXPECT_EQ(behind->WorkOnce(), Round::kWorked);
  EXPECT_EQ(behind->WorkOnce(), Round::kIdle);
  EXPECT_THAT(metrics_.Expose(), testing::HasSubstr("deadletter_uncounted_letters 0"));
  EXPECT_THAT(script_.asked_for, testing::ElementsAre(17, 17, 17));
}

TEST_F(BehindSettleTest, WaitsWhileIntakeHasABacklog) {
  has_backlog_ = true;
  const auto behind = Make({.longest_backlog = std::chrono::hours(1)});
  for (int round = 0; round < 5; ++round) EXPECT_EQ(behind->WorkOnce(), Round::kBacklog);
  EXPECT_THAT(script_.asked_for, testing::IsEmpty());
  has_backlog_ = false;
  EXPECT_EQ(behind->WorkOnce(), Round::kIdle);
  EXPECT_EQ(script_.asked_for.size(), 1U);
}

TEST_F(BehindSettleTest, P5_DoesALittleAllTheSameWhereTheBacklogDoesNotEnd) {
  has_backlog_ = true;
  const auto behind = Make({.longest_backlog = std::chrono::milliseconds(0)});
  EXPECT_EQ(behind->WorkOnce(), Round::kIdle);
  EXPECT_EQ(script_.asked_for.size(), 1U);
}

TEST_F(BehindSettleTest, SomebodyElsesTurnIsNoTrouble) {
  script_.answers = {Failing(LedgerFault::kBusy), Failing(LedgerFault::kRowLocked)};
  const auto behind = Make();
  EXPECT_EQ(behind->WorkOnce(), Round::kIdle);
  EXPECT_EQ(behind->WorkOnce(), Round::kIdle);
  EXPECT_EQ(script_.asked_for.size(), 2U) << "it is not left alone for that";
  EXPECT_EQ(StateOf("groups"), HealthState::kReady);
}

TEST_F(BehindSettleTest, P5_AChoreThatFailsKeepsNoOtherFromBeingDone) {
  class OneThatFails final : public Chore {
   public:
    LedgerResult<bool> DoSome() override { return Failing(LedgerFault::kStatement); }
    std::string_view part() const override { return "other"; }
    void Complain(const LedgerError&) const override {}
    void Abort() override {}
  };
  other_ = std::make_unique<OneThatFails>();
  script_.answers = {Done(17, 20), Done(17, 3), Done(3, 0)};
  const auto behind = Make();
  EXPECT_EQ(behind->WorkOnce(), Round::kWorked);
  EXPECT_EQ(behind->WorkOnce(), Round::kWorked);
  EXPECT_EQ(behind->WorkOnce(), Round::kIdle);
  EXPECT_EQ(StateOf("other"), HealthState::kWarning);
  EXPECT_EQ(StateOf("groups"), HealthState::kReady);
}

TEST_F(BehindSettleTest, TroubleIsAWarningAndPasses) {
  script_.answers = {Failing(LedgerFault::kUnavailable), Failing(LedgerFault::kStatement),
                     Done(1, 5)};
  const auto behind = Make({.idle_wait = std::chrono::hours(1)});
  behind->Start();
  ASSERT_TRUE(script_.WaitForCalls(4)) << "tried again, and then there is more to do";
  behind->Stop();
  EXPECT_EQ(StateOf("groups"), HealthState::kReady);
  EXPECT_TRUE(script_.aborted);
}

TEST_F(BehindSettleTest, P5_NoTroubleOfItsMakesTheServerUnready) {
  script_.answers.assign(10, Failing(LedgerFault::kStatement));
  const auto behind = Make();
  behind->Start();
  ASSERT_TRUE(script_.WaitForCalls(2));
  behind->Stop();
  EXPECT_EQ(StateOf("groups"), HealthState::kWarning);
  EXPECT_TRUE(health_.IsReady());
}

TEST_F(BehindSettleTest, ForgetsWhatIsOldNowAndThen) {
  const auto behind = Make();
  for (int round = 0; round < 3; ++round) EXPECT_EQ(behind->WorkOnce(), Round::kIdle);
  EXPECT_EQ(script_.pruned, 1);
  const auto often = Make({}, std::chrono::milliseconds(0));
  for (int round = 0; round < 3; ++round) EXPECT_EQ(often->WorkOnce(), Round::kIdle);
  EXPECT_EQ(script_.pruned, 4);
}

TEST_F(BehindSettleTest, AStopInterruptsAnyWait) {
  for (const bool has_backlog : {false, true}) {
    has_backlog_ = has_backlog;
    const auto behind = Make({.idle_wait = std::chrono::hours(1),
                              .backlog_wait = std::chrono::hours(1),
                              .longest_backlog = std::chrono::hours(1)});
    behind->Start();
    behind->Stop();
  }
}

}  // namespace
}  // namespace deadletter
