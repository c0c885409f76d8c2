#include "handler/batch_settler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <span>

#include "handler/scripted_settlement.h"

namespace deadletter {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<Judgement> Batch(std::size_t count) {
  std::vector<Judgement> batch(count);
  for (std::size_t index = 0; index < count; ++index) {
    batch[index].letter.delivery.tag = {1, index + 1};
    batch[index].letter.message_id = std::to_string(index);
  }
  return batch;
}

class BatchSettlerTest : public ::testing::Test {
 protected:
  // As intake does: what a call leaves is the next call's.
  static SettleProgress SettleAll(BatchSettler& settler, const std::vector<Judgement>& batch) {
    SettleProgress all;
    while (all.settled.size() < batch.size() && !all.error) {
      const SettleProgress progress = settler.Settle(std::span(batch).subspan(all.settled.size()));
      all.settled.insert(all.settled.end(), progress.settled.begin(), progress.settled.end());
      all.error = progress.error;
      if (progress.settled.empty() && !progress.error) ADD_FAILURE() << "neither settled nor said";
      if (progress.settled.empty()) break;
    }
    return all;
  }
  SettleProgress Settle(const std::vector<Judgement>& batch) {
    BatchSettler settler(
        settlement_, [this](auto part, auto locked) { return settlement_.Settle(part, locked); },
        clock_);
    return SettleAll(settler, batch);
  }

  // Until a thousand letters go at once.
  static void LetItGrow(BatchSettler& settler) {
    while (settler.Settle(Batch(1000)).settled.size() < 1000) continue;
  }

  SystemClock clock_;
  test::ScriptedSettlement settlement_;
};

TEST_F(BatchSettlerTest, AWholeBatchGoesInOneCall) {
  EXPECT_THAT(Settle(Batch(100)).settled, SizeIs(100));
  EXPECT_EQ(settlement_.calls(), 1);
}

// A thousand rows of the platform's, held for as long as a slow trigger takes for them, would be a
// bad way to learn of it.
TEST_F(BatchSettlerTest, P9_TheFirstPiecesAreSmallForNobodyKnowsYetHowLongTheyTake) {
  BatchSettler settler(
      settlement_, [this](auto part, auto locked) { return settlement_.Settle(part, locked); },
      clock_);
  EXPECT_THAT(settler.Settle(Batch(1000)).settled, SizeIs(125));
  EXPECT_THAT(settler.Settle(Batch(1000)).settled, SizeIs(250));
  EXPECT_THAT(settler.Settle(Batch(1000)).settled, SizeIs(500));
  EXPECT_THAT(settler.Settle(Batch(1000)).settled, SizeIs(1000));
}

TEST_F(BatchSettlerTest, P5_ALetterThatTheLedgerRefusesStandsAloneAndTheOthersGoThrough) {
  settlement_.refuses = {"3", "700"};
  const SettleProgress progress = Settle(Batch(1000));
  ASSERT_THAT(progress.settled, SizeIs(1000));
  EXPECT_FALSE(progress.error);
  for (std::size_t index = 0; index < 1000; ++index) {
    const Outcome expected = index == 3 || index == 700 ? Outcome::kRefused : Outcome::kFailed;
    EXPECT_EQ(progress.settled[index].outcome, expected) << index;
  }
  EXPECT_THAT(settlement_.refused_details, ElementsAre("22000: scripted", "22000: scripted"));
}

TEST_F(BatchSettlerTest, P5_NoLetterIsBlamedWhileAnEmptySettleFailsToo) {
  settlement_.refuses = {"0"};
  settlement_.probe_fault = LedgerFault::kStatement;
  const SettleProgress progress = Settle(Batch(1));
  EXPECT_THAT(progress.settled, SizeIs(0));
  ASSERT_TRUE(progress.error);
  EXPECT_EQ(progress.error->fault, LedgerFault::kStatement);
}

TEST_F(BatchSettlerTest, P1_WhatIsSettledIsAlwaysTheFrontOfTheBatch) {
  settlement_.refuses = {"1"};                              // forces halves
  settlement_.fails_from = {5, LedgerFault::kUnavailable};  // and then the ledger goes away
  const SettleProgress progress = Settle(Batch(64));
  ASSERT_TRUE(progress.error);
  EXPECT_EQ(progress.error->fault, LedgerFault::kUnavailable);
  for (std::size_t index = 0; index < progress.settled.size(); ++index) {
    EXPECT_TRUE(settlement_.committed.contains(std::to_string(index))) << index;
  }
  EXPECT_EQ(settlement_.committed.size(), progress.settled.size());
}

TEST_F(BatchSettlerTest, P5_ALockedRowDefersItsLetterAndNotItsBatch) {
  settlement_.locked = {"2"};
  const SettleProgress progress = Settle(Batch(4));
  ASSERT_THAT(progress.settled, SizeIs(4));
  EXPECT_EQ(progress.settled[2].outcome, Outcome::kDeferred);
  EXPECT_EQ(progress.settled[3].outcome, Outcome::kFailed);
  EXPECT_EQ(settlement_.calls(), 2);
}

// A trigger of the platform's waits for a lock that somebody holds: no row of ours is locked.
TEST_F(BatchSettlerTest, P5_ALetterThatMeetsALockElsewhereIsDeferredAloneAndTheOthersGoThrough) {
  settlement_.stuck = {"3", "700"};
  const SettleProgress progress = Settle(Batch(1000));
  ASSERT_THAT(progress.settled, SizeIs(1000));
  EXPECT_FALSE(progress.error);
  for (std::size_t index = 0; index < 1000; ++index) {
    const Outcome expected = index == 3 || index == 700 ? Outcome::kDeferred : Outcome::kFailed;
    EXPECT_EQ(progress.settled[index].outcome, expected) << index;
  }
  EXPECT_LT(settlement_.calls(), 100) << "each of them may have waited for a lock_timeout";
}

TEST_F(BatchSettlerTest, P5_WhatTakesTooLongGoesInSmallerPiecesAndNoLetterIsBlamed) {
  std::chrono::steady_clock::time_point now;
  std::chrono::milliseconds a_letter(0);
  BatchSettler settler(
      settlement_,
      [&](auto part, auto locked) {
        now += std::min<std::chrono::steady_clock::duration>(part.size() * a_letter,
                                                             std::chrono::milliseconds(60'000));
        return settlement_.Settle(part, locked);
      },
      clock_, [&] { return now; });
  LetItGrow(settler);
  const int before = settlement_.calls();
  settlement_.most_in_time = 300;
  a_letter = std::chrono::milliseconds(200);  // and a minute is too long
  const SettleProgress first = SettleAll(settler, Batch(1000));
  EXPECT_FALSE(first.error);
  EXPECT_EQ(settlement_.calls() - before, 3 + 30) << "1000, 500, 250, then in pieces of 5 s";
  const SettleProgress second = SettleAll(settler, Batch(1000));
  EXPECT_FALSE(second.error);
  EXPECT_EQ(settlement_.calls() - before, 33 + 40)
      << "what is known to be too much is not tried again";
  for (const SettleProgress* progress : {&first, &second}) {
    ASSERT_THAT(progress->settled, SizeIs(1000));
    for (const SettledLetter& letter : progress->settled)
      EXPECT_EQ(letter.outcome, Outcome::kFailed);
  }
}

TEST_F(BatchSettlerTest, P5_ALetterThatTakesTooLongAloneIsDeferredAndTheOthersGoThrough) {
  settlement_.never_in_time = {"5"};
  const SettleProgress progress = Settle(Batch(10));
  EXPECT_FALSE(progress.error);
  ASSERT_THAT(progress.settled, SizeIs(10));
  for (std::size_t index = 0; index < 10; ++index) {
    EXPECT_EQ(progress.settled[index].outcome, index == 5 ? Outcome::kDeferred : Outcome::kFailed);
  }
}

TEST_F(BatchSettlerTest, P1_WhereSettlingIsSlowACallEndsWithItsPieceSoThatItCanBeAcknowledged) {
  std::chrono::steady_clock::time_point now;
  BatchSettler settler(
      settlement_,
      [&](auto part, auto locked) {
        now += part.size() * std::chrono::milliseconds(100);
        return settlement_.Settle(part, locked);
      },
      clock_, [&] { return now; });
  EXPECT_THAT(settler.Settle(Batch(1000)).settled, SizeIs(125)) << "nobody knew yet";
  const SettleProgress piece = settler.Settle(Batch(1000));
  EXPECT_THAT(piece.settled, SizeIs(50));
  EXPECT_FALSE(piece.error);
}

// The platform's workers wait for the rows that a settle holds.
TEST_F(BatchSettlerTest, P9_WhereSettlingIsSlowAPieceTakesAboutFiveSecondsUntilItIsQuickAgain) {
  std::chrono::steady_clock::time_point now;
  std::chrono::milliseconds a_letter(0);
  BatchSettler settler(
      settlement_,
      [&](auto part, auto locked) {
        now += part.size() * a_letter;
        return settlement_.Settle(part, locked);
      },
      clock_, [&] { return now; });
  const auto calls_for_a_thousand = [&] {
    const int before = settlement_.calls();
    EXPECT_THAT(SettleAll(settler, Batch(1000)).settled, SizeIs(1000));
    return settlement_.calls() - before;
  };
  LetItGrow(settler);
  a_letter = std::chrono::milliseconds(100);
  EXPECT_EQ(calls_for_a_thousand(), 1) << "nobody knew yet";
  EXPECT_EQ(calls_for_a_thousand(), 20) << "50 letters in 5 s";
  a_letter = std::chrono::milliseconds(1);
  EXPECT_EQ(calls_for_a_thousand(), 5) << "50, 100, 200, 400 and the rest";
  EXPECT_EQ(calls_for_a_thousand(), 2) << "800 and the rest";
  EXPECT_EQ(calls_for_a_thousand(), 1);
}

TEST_F(BatchSettlerTest, ADeadlockIsTriedAgain) {
  settlement_.busy_calls = 3;
  EXPECT_THAT(Settle(Batch(2)).settled, SizeIs(2));
}

TEST_F(BatchSettlerTest, P9_DeadlocksWithoutEndAreAnOutage) {
  settlement_.busy_calls = 1'000'000;
  const SettleProgress progress = Settle(Batch(2));
  ASSERT_TRUE(progress.error);
  EXPECT_EQ(progress.error->fault, LedgerFault::kBusy);
  EXPECT_LT(settlement_.calls(), 100);
}

TEST_F(BatchSettlerTest, P3_ACommitInDoubtIsNotTriedAgainHere) {
  settlement_.fails_from = {0, LedgerFault::kInDoubt};
  const SettleProgress progress = Settle(Batch(2));
  ASSERT_TRUE(progress.error);
  EXPECT_EQ(progress.error->fault, LedgerFault::kInDoubt);
  EXPECT_EQ(settlement_.calls(), 1);
}

}  // namespace
}  // namespace deadletter
