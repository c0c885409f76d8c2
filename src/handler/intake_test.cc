#include "handler/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <span>

#include "handler/scripted_consumer.h"

namespace deadletter {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

// What the ledger answers, changed while intake runs, and what it was asked. Letters are told by
// their bodies.
class LedgerScript {
 public:
  explicit LedgerScript(test::ScriptedQueue& queue) : queue_(queue) {}

  void Fail(std::optional<LedgerFault> settle, std::optional<LedgerFault> probe = {},
            std::optional<LedgerFault> rehearse = {}) {
    const std::lock_guard lock(mutex_);
    settle_fault_ = settle;
    probe_fault_ = probe;
    rehearse_fault_ = rehearse;
  }
  [[nodiscard]] bool WaitForCalls(const std::string& call, std::ptrdiff_t count) {
    std::unique_lock lock(mutex_);
    return asked_.wait_for(lock, std::chrono::seconds(10),
                           [&] { return std::ranges::count(calls_, call) >= count; });
  }
  // Before the start: what a settle of these letters does before it answers.
  void When(std::function<LedgerResult<void>(std::span<const Judgement>)> met) {
    met_ = std::move(met);
  }
  LedgerResult<void> Meet(std::span<const Judgement> batch) const {
    return met_ ? met_(batch) : LedgerResult<void>{};
  }
  [[nodiscard]] std::vector<std::ptrdiff_t> closes_before_settle() {
    const std::lock_guard lock(mutex_);
    return closes_before_settle_;
  }

  LedgerResult<void> Answer(const std::string& call) {
    const std::lock_guard lock(mutex_);
    const auto fault = call == "settle"  ? settle_fault_
                       : call == "probe" ? probe_fault_
                                         : rehearse_fault_;
    if (call == "settle")
      closes_before_settle_.push_back(std::ranges::count(queue_.calls(), std::string("close")));
    calls_.push_back(call);
    asked_.notify_all();
    if (!fault) return {};
    return Unexpected<LedgerError>({.fault = *fault, .code = "", .message = "scripted"});
  }

 private:
  test::ScriptedQueue& queue_;
  std::function<LedgerResult<void>(std::span<const Judgement>)> met_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::optional<LedgerFault> settle_fault_;
  std::optional<LedgerFault> probe_fault_;
  std::optional<LedgerFault> rehearse_fault_;
  std::vector<std::string> calls_;
  std::vector<std::ptrdiff_t> closes_before_settle_;
};

class ScriptedLedger final : public Settlement {
 public:
  explicit ScriptedLedger(LedgerScript& script) : script_(script) {}

  LedgerResult<std::vector<SettledLetter>> Settle(std::span<const Judgement> batch,
                                                  LockedRows) override {
    if (auto answer = script_.Answer("settle"); !answer)
      return Unexpected<LedgerError>(answer.error());
    if (auto answer = script_.Meet(batch); !answer) return Unexpected<LedgerError>(answer.error());
    return std::vector<SettledLetter>(batch.size(), {.recorded = true, .outcome = {}});
  }
  LedgerResult<std::vector<SettledLetter>> SettleAgain(std::span<const Judgement> batch,
                                                       LockedRows locked) override {
    return Settle(batch, locked);
  }
  LedgerResult<std::vector<DueLetter>> TakeDue(Instant, std::size_t, std::size_t,
                                               std::chrono::milliseconds) override {
    return std::vector<DueLetter>{};
  }
  LedgerResult<void> BringForward(Instant, std::chrono::microseconds,
                                  std::chrono::microseconds) override {
    return {};
  }
  LedgerResult<std::size_t> CloseFinished(std::size_t) override { return std::size_t{0}; }
  LedgerResult<void> Probe() override { return script_.Answer("probe"); }
  LedgerResult<void> Rehearse(std::span<const Judgement>) override {
    return script_.Answer("rehearse");
  }
  void Abort() override {}

 private:
  LedgerScript& script_;
};

class IntakeTest : public ::testing::Test {
 protected:
  void StartIntake(std::chrono::milliseconds hold) {
    IntakeOptions options;
    options.hold = hold;
    options.first_return = options.longest_return = std::chrono::milliseconds(1);
    options.batch_letters = batch_letters_;
    intake_ = std::make_unique<Intake>(std::make_unique<test::ScriptedConsumer>(queue_),
                                       std::make_unique<ScriptedLedger>(ledger_), reader_, judge_,
                                       clock_, metrics_, health_, options, [] {});
    intake_->Start();
  }
  void StopIntake() {
    intake_->FinishBy(std::chrono::steady_clock::now() + std::chrono::seconds(10));
    intake_.reset();
  }
  std::ptrdiff_t Count(const std::string& call) { return std::ranges::count(queue_.calls(), call); }

  test::ScriptedQueue queue_;
  LedgerScript ledger_{queue_};
  SystemClock clock_;
  LetterReader reader_{LetterFormat::Default()};
  Judge judge_{{}, clock_};
  Metrics metrics_;
  Health health_;
  std::size_t batch_letters_ = IntakeOptions{}.batch_letters;
  std::unique_ptr<Intake> intake_;
};

constexpr std::chrono::milliseconds kForEver = std::chrono::hours(24);
constexpr std::chrono::milliseconds kAtOnce{0};

TEST_F(IntakeTest, P1_ALetterIsAcknowledgedOnceItIsRecorded) {
  ledger_.Fail(LedgerFault::kUnavailable);
  queue_.Push("a");
  StartIntake(kForEver);
  ASSERT_TRUE(ledger_.WaitForCalls("settle", 3));
  EXPECT_THAT(queue_.acknowledged(), ElementsAre());
  ledger_.Fail({});
  ASSERT_TRUE(queue_.WaitForCall("ack 1"));
  EXPECT_THAT(queue_.acknowledged(), ElementsAre("a"));
}

// A batch may take minutes where a trigger of the platform's is slow. Were it acknowledged at its
// end only, a stop would give back what was recorded long ago.
TEST_F(IntakeTest, P1_WhatIsRecordedIsAcknowledgedBeforeTheRestOfASlowBatchIsSettled) {
  bool acknowledged_first = false;
  ledger_.When([&](std::span<const Judgement> batch) -> LedgerResult<void> {
    const std::string& first = batch.front().letter.delivery.message.body;
    if (first == "alone") {  // those that come after it make one batch
      queue_.Push("a");
      queue_.Push("b");
    } else if (batch.size() > 1) {
      return Unexpected<LedgerError>({LedgerFault::kTooLong, "", "scripted"});
    } else if (first == "b") {
      acknowledged_first = queue_.WaitForCall("ack 2");
    }
    return {};
  });
  queue_.Push("alone");
  StartIntake(kForEver);
  ASSERT_TRUE(queue_.WaitForCall("ack 3"));
  EXPECT_TRUE(acknowledged_first);
  EXPECT_THAT(queue_.acknowledged(), ElementsAre("alone", "a", "b"));
  ASSERT_TRUE(ledger_.WaitForCalls("settle", 4)) << "alone, both, a, b";
}

TEST_F(IntakeTest, AWholeBatchIsABacklogAndOneLetterIsNone) {
  bool is_of_one = true;
  bool is_of_many = false;
  ledger_.When([&](std::span<const Judgement> batch) -> LedgerResult<void> {
    if (batch.front().letter.delivery.message.body == "alone") {
      is_of_one = intake_->HasBacklog();
      queue_.Push("a");
      queue_.Push("b");
    } else {
      is_of_many = is_of_many || intake_->HasBacklog();
    }
    return {};
  });
  batch_letters_ = 2;
  queue_.Push("alone");
  StartIntake(kForEver);
  ASSERT_TRUE(queue_.WaitForCall("ack 3"));
  EXPECT_FALSE(is_of_one);
  EXPECT_TRUE(is_of_many);
  StopIntake();
}

TEST_F(IntakeTest, P1_AnOutageThatIsShorterThanTheHoldGivesNothingBack) {
  ledger_.Fail(LedgerFault::kUnavailable);
  queue_.Push("a");
  StartIntake(kForEver);
  ASSERT_TRUE(queue_.WaitForCall("cancel")) << "nothing more is taken in";
  ledger_.Fail({});
  ASSERT_TRUE(queue_.WaitForCall("ack 1"));
  EXPECT_THAT(queue_.calls(), Not(Contains("close")));
}

// A trigger of the platform's that refuses every letter is not met by an empty settle; were that
// enough to consume again, a queue with a delivery limit would lose its letters round by round.
TEST_F(IntakeTest, P1_TheBatchGoesBackOnceAndNothingIsConsumedBeforeItCouldBeSettled) {
  ledger_.Fail(LedgerFault::kStatement, {}, LedgerFault::kStatement);
  queue_.Push("a");
  StartIntake(kAtOnce);
  ASSERT_TRUE(ledger_.WaitForCalls("rehearse", 5));
  EXPECT_EQ(Count("close"), 1);
  EXPECT_EQ(Count("subscribe 1"), 1);
  ledger_.Fail({});
  ASSERT_TRUE(queue_.WaitForCall("ack 1"));
  EXPECT_THAT(queue_.acknowledged(), ElementsAre("a"));
}

TEST_F(IntakeTest, P3_WhatIsInDoubtIsSettledAgainOnlyAfterItWasGivenBack) {
  ledger_.Fail(LedgerFault::kInDoubt, {}, LedgerFault::kInDoubt);
  queue_.Push("a");
  StartIntake(kForEver);
  ASSERT_TRUE(ledger_.WaitForCalls("rehearse", 1));
  EXPECT_THAT(metrics_.Expose(),
              testing::ContainsRegex("deadletter_intake_paused\\{[^}]*in_doubt[^}]*\\} 1"));
  ledger_.Fail(LedgerFault::kInDoubt);
  ASSERT_TRUE(ledger_.WaitForCalls("settle", 2));
  ledger_.Fail({});
  ASSERT_TRUE(queue_.WaitForCall("ack 1"));
  const auto closes = ledger_.closes_before_settle();
  ASSERT_GE(closes.size(), 2U);
  EXPECT_EQ(closes[0], 0);
  EXPECT_EQ(closes[1], 1);
}

TEST_F(IntakeTest, AStopInAnOutageConsumesNothingAgainAndSaysNothingElse) {
  queue_.Push("a");
  ledger_.Fail(LedgerFault::kUnavailable, {}, LedgerFault::kUnavailable);
  StartIntake(kAtOnce);
  ASSERT_TRUE(ledger_.WaitForCalls("rehearse", 2));
  StopIntake();
  EXPECT_EQ(Count("subscribe 1"), 1);
  EXPECT_FALSE(health_.IsReady());
  EXPECT_EQ(queue_.ready(), 1U);
}

TEST_F(IntakeTest, P5_BeforeSettlingIsPossibleNothingIsTaken) {
  ledger_.Fail({}, LedgerFault::kUnavailable);
  queue_.Push("a");
  StartIntake(kForEver);
  ASSERT_TRUE(ledger_.WaitForCalls("probe", 2));
  EXPECT_EQ(Count("subscribe 1"), 0);
  ledger_.Fail({});
  ASSERT_TRUE(queue_.WaitForCall("ack 1"));
}

}  // namespace
}  // namespace deadletter
