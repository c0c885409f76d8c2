#include "handler/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/latch.h"
#include "handler/intake_fixture.h"

namespace deadletter::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::chrono::steady_clock::time_point SoonEnough() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(10);
}

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

// What was delivered comes again when its channel is lost. Settled here all the same, a letter
// without a key would be recorded twice for nothing.
TEST_F(IntakeTest, P3_WhatIsHeldInAnOutageIsSettledOnceAlsoWhenItsChannelIsLostMeanwhile) {
  std::atomic<bool> away{true};
  std::atomic<int> settled{0};
  ledger_.When([&](std::span<const Judgement> batch) -> LedgerResult<void> {
    if (away) return Unexpected<LedgerError>({LedgerFault::kUnavailable, "", "scripted"});
    settled += static_cast<int>(batch.size());
    return {};
  });
  queue_.Push("a");
  StartIntake(kForEver);
  ASSERT_TRUE(queue_.WaitForCall("cancel"));
  queue_.LoseConnection();
  ASSERT_TRUE(queue_.WaitForCall("close"));
  away = false;
  ASSERT_TRUE(queue_.WaitForAcknowledged("a"));
  StopIntake();
  EXPECT_EQ(settled, 1);
}

TEST_F(IntakeTest, P1_AChannelThatWasMadeAnewIsNotClosedForABatchOfTheOneBefore) {
  std::atomic<bool> lost{false};
  ledger_.When([&](std::span<const Judgement>) -> LedgerResult<void> {
    if (lost.exchange(true)) return {};
    const std::size_t so_far = queue_.calls().size();
    queue_.LoseConnection();
    if (!queue_.WaitForCall("subscribe 1", so_far)) ADD_FAILURE() << "not subscribed again";
    return Unexpected<LedgerError>({LedgerFault::kUnavailable, "", "scripted"});
  });
  queue_.Push("a");
  StartIntake(kForEver);
  ASSERT_TRUE(queue_.WaitForAcknowledged("a"));
  EXPECT_EQ(Count("close"), 1) << "the delivery on the new channel was for nothing";
}

// It comes again, and would be recorded twice for nothing.
TEST_F(IntakeTest, P3_TheRestOfASlowBatchIsLeftWhenItsChannelWasLost) {
  std::atomic<bool> lost{false};
  std::atomic<int> rests_settled{0};
  ledger_.When([&](std::span<const Judgement> batch) -> LedgerResult<void> {
    const std::string& first = batch.front().letter.delivery.message.body;
    if (first == "alone") {
      queue_.Push("a");
      queue_.Push("b");
      return {};
    }
    if (batch.size() > 1) return Unexpected<LedgerError>({LedgerFault::kTooLong, "", "scripted"});
    if (first == "b") ++rests_settled;
    if (lost.exchange(true)) return {};
    const std::size_t so_far = queue_.calls().size();
    queue_.LoseConnection();
    if (!queue_.WaitForCall("subscribe 1", so_far)) ADD_FAILURE() << "not subscribed again";
    return {};
  });
  queue_.Push("alone");
  StartIntake(kForEver);
  ASSERT_TRUE(queue_.WaitForAcknowledged("b"));
  StopIntake();
  EXPECT_EQ(rests_settled, 1);
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

// Three letters that are taken one by one; their queue is deleted while the first is being settled,
// and then intake is told to stop.
class IntakeOfADeletedQueueTest : public IntakeTest {
 protected:
  using Answer = std::function<LedgerResult<void>(const std::string& letter)>;

  // The ledger answers so from then on.
  void StopWhileThreeAreInHand(const Answer& answer) {
    ledger_.When([this, answer](std::span<const Judgement> batch) -> LedgerResult<void> {
      const std::string& letter = batch.front().letter.delivery.message.body;
      if (letter == "alone") {
        for (const char* next : {"a", "b", "c"}) queue_.Push(next);
        return {};
      }
      if (!is_deleted_) {
        is_deleted_ = true;
        const std::size_t so_far = queue_.calls().size();
        queue_.Delete();
        if (!queue_.WaitForCall("subscribe 1", so_far)) ADD_FAILURE() << "not subscribed again";
        deleted_.Open();
        if (!stopping_.WaitUntil(SoonEnough())) ADD_FAILURE() << "not told to stop";
      }
      auto answered = answer(letter);
      if (answered) settled_ += letter;
      return answered;
    });
    batch_letters_ = 1;
    queue_.Push("alone");
    StartIntake(kForEver);
    ASSERT_TRUE(deleted_.WaitUntil(SoonEnough()));
    intake_->RequestStop();
    stopping_.Open();
  }
  static LedgerResult<void> Away() {
    return Unexpected<LedgerError>({LedgerFault::kUnavailable, "57P01", "scripted"});
  }

  std::string settled_;

 private:
  bool is_deleted_ = false;
  Latch deleted_;
  Latch stopping_;
};

TEST_F(IntakeOfADeletedQueueTest, P1_AStopSettlesWhatIsLeftOfIt) {
  StopWhileThreeAreInHand([](const std::string&) { return LedgerResult<void>(); });
  StopIntake();
  EXPECT_EQ(settled_, "abc");
}

TEST_F(IntakeOfADeletedQueueTest, P1_AStopWaitsForTheLedgerToSettleIt) {
  int times_away = 3;
  StopWhileThreeAreInHand([&times_away](const std::string&) {
    return times_away-- > 0 ? Away() : LedgerResult<void>();
  });
  StopIntake();
  EXPECT_EQ(settled_, "abc");
}

TEST_F(IntakeOfADeletedQueueTest, P4_AStopTellsOfWhatCouldNotBeSettledUntilItsEnd) {
  testing::internal::CaptureStderr();
  StopWhileThreeAreInHand(
      [](const std::string& letter) { return letter == "a" ? LedgerResult<void>() : Away(); });
  ASSERT_TRUE(ledger_.WaitForCalls("settle", 4)) << "alone, a, and b twice";
  intake_->FinishBy(std::chrono::steady_clock::now());
  intake_.reset();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("error letters_lost queue=dlq letters=2 cause=unavailable code=57P01"));
  EXPECT_EQ(settled_, "a");
}

// What the broker tells behind letters, in the moment of a stop, is read in time.
TEST_F(IntakeTest, P1_AStopNoticesThatTheQueueOfWhatItHasWasDeleted) {
  Latch deleted;
  Latch stopping;
  int settled = 0;
  ledger_.When([&](std::span<const Judgement> batch) -> LedgerResult<void> {
    settled += static_cast<int>(batch.size());
    if (batch.front().letter.delivery.message.body == "alone") {
      queue_.Push("a");
      queue_.Push("b");
      return {};
    }
    if (settled > 2) return {};
    queue_.DeleteUnseen();
    deleted.Open();
    if (!stopping.WaitUntil(SoonEnough())) ADD_FAILURE() << "not told to stop";
    return {};
  });
  batch_letters_ = 1;
  queue_.Push("alone");
  StartIntake(kForEver);
  ASSERT_TRUE(deleted.WaitUntil(SoonEnough()));
  intake_->RequestStop();
  stopping.Open();
  StopIntake();
  EXPECT_EQ(settled, 3);
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
}  // namespace deadletter::test
