// Two that settle letters of one queue side by side.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "base/latch.h"
#include "handler/intake.h"
#include "handler/intake_fixture.h"

namespace deadletter::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

// Batches of two letters. Which of the two settlers has which of them is not said.
class IntakeInAFloodTest : public IntakeTest {
 protected:
  enum class Settler { kFirst, kHelper };
  using Met = std::function<LedgerResult<void>(const std::string& letters, Settler settler)>;

  IntakeInAFloodTest() {
    has_helper_ = true;
    batch_letters_ = 4;
  }
  // What a settle of these letters ("ab", "cd") does before it answers.
  void Start(const Met& met, std::chrono::milliseconds hold = kForEver) {
    ledger_.When([this, met](std::span<const Judgement> batch) -> LedgerResult<void> {
      if (Letters(batch) != "alone") return met(Letters(batch), Settler::kFirst);
      for (const char letter : letters_) queue_.Push(std::string(1, letter));
      return {};
    });
    helping_.When(
        [met](std::span<const Judgement> batch) { return met(Letters(batch), Settler::kHelper); });
    queue_.Push("alone");
    StartIntake(hold);
  }
  // The first one to settle waits here until the other one does, too; false after 10 s.
  bool MeetTheOther(Settler settler) {
    (settler == Settler::kFirst ? first_settles_ : helper_settles_).Open();
    return (settler == Settler::kFirst ? helper_settles_ : first_settles_)
        .WaitUntil(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  }
  static LedgerResult<void> Failing(LedgerFault fault) {
    return Unexpected<LedgerError>({.fault = fault, .code = "", .message = "scripted"});
  }

  std::string letters_ = "abcd";

 private:
  static std::string Letters(std::span<const Judgement> batch) {
    std::string letters;
    for (const Judgement& one : batch) letters += one.letter.delivery.message.body;
    return letters;
  }

  Latch first_settles_;
  Latch helper_settles_;
};

TEST_F(IntakeInAFloodTest, P1_TwoBatchesAreSettledSideBySideAndAllIsAcknowledged) {
  std::atomic<bool> side_by_side{true};
  Start([&](const std::string&, Settler settler) -> LedgerResult<void> {
    if (!MeetTheOther(settler)) side_by_side = false;
    return {};
  });
  ASSERT_TRUE(queue_.WaitForAcknowledged("d"));
  EXPECT_TRUE(side_by_side);
  EXPECT_THAT(queue_.acknowledged(), ElementsAre("alone", "a", "b", "c", "d"));
  StopIntake();
}

TEST_F(IntakeInAFloodTest, P1_ABatchThatIsRecordedFirstIsNotAcknowledgedBeforeTheOneBeforeIt) {
  letters_ = "abcdef";
  Latch second_recorded;
  std::atomic<bool> waited{true};
  std::atomic<bool> first_failed{false};
  Start([&](const std::string& letters, Settler settler) -> LedgerResult<void> {
    if (!MeetTheOther(settler)) waited = false;
    if (letters == "ef") second_recorded.Open();  // whoever settles this is through with "cd"
    if (letters != "ab" || first_failed) return {};
    if (!second_recorded.WaitUntil(std::chrono::steady_clock::now() + std::chrono::seconds(10)))
      waited = false;
    first_failed = true;
    return Failing(LedgerFault::kInDoubt);  // it goes back, and all that was not acknowledged
  });
  ASSERT_TRUE(queue_.WaitForCall("close"));
  EXPECT_TRUE(waited);
  auto until_then = queue_.calls();
  until_then.erase(std::ranges::find(until_then, "close"), until_then.end());
  EXPECT_THAT(until_then, Not(Contains(testing::AnyOf("ack 3", "ack 5", "ack 7"))));
  ASSERT_TRUE(queue_.WaitForAcknowledged("f"));
  EXPECT_THAT(queue_.acknowledged(), ElementsAre("alone", "a", "b", "c", "d", "e", "f"));
  StopIntake();
}

TEST_F(IntakeInAFloodTest, P5_WhatTheHelperCannotSettleIsSettledByTheOtherWithoutAPause) {
  std::atomic<bool> together{true};
  Start([&](const std::string&, Settler settler) -> LedgerResult<void> {
    if (!MeetTheOther(settler)) together = false;
    if (settler == Settler::kFirst) return {};
    return Failing(LedgerFault::kUnavailable);
  });
  ASSERT_TRUE(queue_.WaitForAcknowledged("d"));
  EXPECT_TRUE(together);
  EXPECT_THAT(queue_.acknowledged(), ElementsAre("alone", "a", "b", "c", "d"));
  EXPECT_EQ(Count("cancel"), 1) << "paused; once it was cancelled to ask for more than one letter";
  EXPECT_EQ(Count("close"), 0) << "given back";
  StopIntake();
}

// What it had taken would have to be waited for: nothing behind it could be acknowledged.
TEST_F(IntakeInAFloodTest, P5_TheHelperTakesNothingBeforeItsSessionIsThere) {
  helping_.Fail({}, LedgerFault::kUnavailable);
  std::atomic<bool> helper_settled{false};
  std::atomic<bool> asked{true};
  Start([&](const std::string&, Settler settler) -> LedgerResult<void> {
    if (settler == Settler::kHelper) helper_settled = true;
    if (!helping_.WaitForCalls("probe", 1)) asked = false;
    return {};
  });
  ASSERT_TRUE(queue_.WaitForAcknowledged("d"));
  StopIntake();
  EXPECT_TRUE(asked);
  EXPECT_FALSE(helper_settled);
}

TEST_F(IntakeInAFloodTest, AShareOfABatchIsABacklog) {
  std::atomic<bool> is_backlog{true};
  Start([&](const std::string&, Settler) -> LedgerResult<void> {
    if (!intake_->HasBacklog()) is_backlog = false;
    return {};
  });
  ASSERT_TRUE(queue_.WaitForAcknowledged("d"));
  StopIntake();
  EXPECT_TRUE(is_backlog);
}

TEST_F(IntakeInAFloodTest, P3_WhatIsInDoubtWithTheHelperIsSettledAgainOnlyAfterItWasGivenBack) {
  std::atomic<bool> together{true};
  std::atomic<bool> helper_failed{false};
  std::atomic<bool> settled_before_it_was_given_back{false};
  std::string in_doubt;
  Start([&](const std::string& letters, Settler settler) -> LedgerResult<void> {
    if (helper_failed) {
      if (letters.contains(in_doubt.front()) && Count("close") == 0)
        settled_before_it_was_given_back = true;
      return {};
    }
    if (!MeetTheOther(settler)) together = false;
    if (settler == Settler::kFirst) return {};
    in_doubt = letters;
    helper_failed = true;
    return Failing(LedgerFault::kInDoubt);
  });
  ASSERT_TRUE(queue_.WaitForAcknowledged("d"));
  EXPECT_TRUE(together);
  EXPECT_EQ(Count("close"), 1);
  EXPECT_FALSE(settled_before_it_was_given_back);
  StopIntake();
}

// Nobody has these letters any more but we: also what is in doubt is settled again.
TEST_F(IntakeInAFloodTest, P1_WhatTheHelperLeftOfADeletedQueueIsSettled) {
  std::atomic<bool> together{true};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::string settled;
  Start([&](const std::string& letters, Settler settler) -> LedgerResult<void> {
    if (!MeetTheOther(settler)) together = false;
    if (settler == Settler::kHelper && !failed.exchange(true)) {
      std::size_t so_far = queue_.calls().size();
      queue_.Delete();
      if (!queue_.WaitForCall("subscribe 1", so_far)) together = false;
      so_far = queue_.calls().size();
      queue_.LoseConnection();
      if (!queue_.WaitForCall("subscribe 1", so_far)) together = false;
      return Failing(LedgerFault::kInDoubt);
    }
    const std::lock_guard lock(mutex);
    settled += letters;
    return {};
  });
  ASSERT_TRUE(ledger_.WaitForCalls("settle", 3)) << "alone, its own, and what the helper left";
  StopIntake();
  EXPECT_TRUE(together);
  std::ranges::sort(settled);
  EXPECT_EQ(settled, "abcd");
}

TEST_F(IntakeInAFloodTest, P3_TheHelperLeavesTheRestOfASlowBatchWhenItsChannelWasLost) {
  std::atomic<bool> together{true};
  std::atomic<bool> lost{false};
  std::atomic<char> of_the_rest{'?'};
  std::array<std::atomic<int>, 128> settled{};
  Latch over;
  Start([&](const std::string& letters, Settler settler) -> LedgerResult<void> {
    if (!MeetTheOther(settler)) together = false;
    if (settler == Settler::kHelper && !lost) {
      if (letters.size() > 1) {
        of_the_rest = letters.back();
        return Failing(LedgerFault::kTooLong);
      }
      const std::size_t so_far = queue_.calls().size();
      lost = true;
      queue_.LoseConnection();
      if (!queue_.WaitForCall("subscribe 1", so_far)) together = false;
      over.Open();
    } else if (settler == Settler::kFirst) {
      // Its own batch is not what this is about: it ends when the channel is lost.
      if (!over.WaitUntil(std::chrono::steady_clock::now() + std::chrono::seconds(10)))
        together = false;
    }
    for (const char letter : letters) ++settled.at(static_cast<std::size_t>(letter));
    return {};
  });
  ASSERT_TRUE(queue_.WaitForAcknowledged("d"));
  StopIntake();
  EXPECT_TRUE(together);
  EXPECT_EQ(settled.at(static_cast<std::size_t>(of_the_rest.load())), 1);
}

// What the helper is settling when its session hangs is given up with it.
TEST_F(IntakeInAFloodTest, P1_AStopDoesNotWaitForAHelperThatHangs) {
  std::atomic<bool> together{true};
  Start([&](const std::string&, Settler settler) -> LedgerResult<void> {
    if (!MeetTheOther(settler)) together = false;
    if (settler == Settler::kFirst) return {};
    if (!helping_.WaitForAbort()) together = false;
    return Failing(LedgerFault::kUnavailable);
  });
  ASSERT_TRUE(helping_.WaitForCalls("settle", 1));
  ASSERT_TRUE(ledger_.WaitForCalls("settle", 2));
  intake_->FinishBy(std::chrono::steady_clock::now());
  intake_.reset();
  EXPECT_TRUE(together);
  EXPECT_EQ(queue_.ready() + queue_.acknowledged().size(), 5U) << "the broker has the others";
}

TEST_F(IntakeInAFloodTest, P3_AStopInAnOutageLetsTheOtherOneFinishAndBeAcknowledged) {
  Latch paused;
  int tries = 0;  // of the first one
  std::atomic<bool> together{true};
  std::string finished;  // by the helper
  Start([&](const std::string& letters, Settler settler) -> LedgerResult<void> {
    if (!MeetTheOther(settler)) together = false;
    if (settler == Settler::kFirst) {
      if (++tries == 3) paused.Open();
      return Failing(LedgerFault::kUnavailable);
    }
    finished = letters;
    if (!paused.WaitUntil(std::chrono::steady_clock::now() + std::chrono::seconds(10)))
      together = false;
    intake_->RequestStop();
    return {};
  });
  ASSERT_TRUE(paused.WaitUntil(std::chrono::steady_clock::now() + std::chrono::seconds(10)));
  StopIntake();
  EXPECT_TRUE(together);
  // Behind what is not recorded nothing may be acknowledged.
  if (finished == "ab") {
    EXPECT_THAT(queue_.acknowledged(), ElementsAre("alone", "a", "b"));
  } else {
    EXPECT_THAT(queue_.acknowledged(), ElementsAre("alone"));
  }
}

class IntakeInAnOutageTest : public IntakeInAFloodTest {
 protected:
  // The ledger is away for both settlers, until told.
  void StartInAnOutage(std::chrono::milliseconds hold) {
    ledger_.Fail({}, {}, LedgerFault::kUnavailable);
    const auto met = [this](const std::string& letters, Settler settler) -> LedgerResult<void> {
      if (!MeetTheOther(settler)) together_ = false;
      if (away_) return Failing(LedgerFault::kUnavailable);
      settled_ += static_cast<int>(letters.size());
      return {};
    };
    Start(met, hold);
  }
  void EndTheOutage() {
    away_ = false;
    ledger_.Fail({});
  }
  void ExpectAllSettledOnce() {
    ASSERT_TRUE(queue_.WaitForAcknowledged("d"));
    StopIntake();
    EXPECT_TRUE(together_);
    EXPECT_THAT(queue_.acknowledged(), ElementsAre("alone", "a", "b", "c", "d"));
    EXPECT_EQ(settled_, 4) << "letters";
  }

 private:
  std::atomic<bool> away_{true};
  std::atomic<bool> together_{true};
  std::atomic<int> settled_{0};
};

TEST_F(IntakeInAnOutageTest, P1_P3_WhatBothHoldIsSettledOnceItIsOver) {
  StartInAnOutage(kForEver);
  ASSERT_TRUE(ledger_.WaitForCalls("settle", 4)) << "tried again";
  EXPECT_EQ(Count("close"), 0);
  EndTheOutage();
  ExpectAllSettledOnce();
}

TEST_F(IntakeInAnOutageTest, P1_P3_WhatBothHoldGoesBackOnceAndIsSettledOnce) {
  StartInAnOutage(kAtOnce);
  ASSERT_TRUE(ledger_.WaitForCalls("rehearse", 3));
  EXPECT_EQ(Count("close"), 1);
  EndTheOutage();
  ExpectAllSettledOnce();
}

}  // namespace
}  // namespace deadletter::test
