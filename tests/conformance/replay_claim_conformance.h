// What every ReplayWork's claim does to a letter and to its execution. Included once a test
// program.
#pragma once

#include "tests/conformance/replay_fixture.h"

namespace deadletter::test {

TEST_P(ReplayConformance, AFailedExecutionGoesBackInTheClaimOfItsLetterAndNotBefore) {
  const Judgement letter = Failed(Number(1));
  const Instant failed_at = UpdatedOf(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  Lease(driver_);
  EXPECT_EQ(StatusOf(Number(1)), "failed");
  const ClaimedLetter claimed = ClaimLetter(replay, letter);
  EXPECT_EQ(claimed.verdict, ClaimVerdict::kClaimed);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(claimed.stamp, UpdatedOf(Number(1)));
  EXPECT_GT(UpdatedOf(Number(1)), failed_at);
  EXPECT_EQ(StateOf(letter), LetterState::kWaiting);
  EXPECT_EQ(Show(letter).summary.replays, 1);
  EXPECT_EQ(Show(letter).history.back().what, "replayed");
  ExpectCountsAgree();
}

TEST_P(ReplayConformance, WhateverThePlatformsTableLooksLikeItsFailedExecutionsGoBack) {
  for (const auto shape : {PlatformShape::kAttune, PlatformShape::kTextIds, PlatformShape::kUuidIds,
                           PlatformShape::kPlainJobs}) {
    const ExecutionTable table = TableOf(shape);
    SCOPED_TRACE(table.table);
    UseReplays({.shape = shape});
    const Judgement letter = Failed(IdFor(shape, 1), table.failable.front(), table.failed);
    const Judgement other = Failed(IdFor(shape, 2), table.failable.front(), table.failed);
    ledger_->SetStatus(IdFor(shape, 2), table.final_statuses.front());
    const ReplayId replay = Make({IdOf(letter), IdOf(other)});
    Lease(driver_);
    const ClaimedLetter claimed = ClaimLetter(replay, letter);
    EXPECT_EQ(claimed.verdict, ClaimVerdict::kClaimed);
    const PlatformRow row = ledger_->Read(IdFor(shape, 1)).value();
    EXPECT_EQ(row.status, table.replay_status);
    EXPECT_EQ(claimed.stamp, row.updated);
    EXPECT_FALSE(row.finished);
    EXPECT_EQ(ClaimLetter(replay, other).verdict, ClaimVerdict::kWithdrawn);
    EXPECT_EQ(StatusOf(IdFor(shape, 2)), table.final_statuses.front());
    Mark(replay, letter, ReplayMark::kSent);
    ledger_->SetStatus(IdFor(shape, 1), table.final_statuses.front());
    EXPECT_THAT(Follow(replay), testing::ElementsAre(testing::Pair(ReplayEnd::kSucceeded, 1)));
  }
}

TEST_P(ReplayConformance, P2_AfterTheClaimOnlyALetterWithItsIdFailsTheExecution) {
  const Instant before = [&] {
    Put(Number(1));
    return UpdatedOf(Number(1));
  }();
  const Judgement letter = Fails(LetterBuilder(Number(1)).Attempt(before));
  EXPECT_EQ(OutcomeOf(letter), Outcome::kFailed);
  const ReplayId replay = Sent(letter);
  const Instant stamp = UpdatedOf(Number(1));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Attempt(before))), Outcome::kStaleAttempt);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kStaleAttempt);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Replay(NewReplayId()).Attempt(stamp))),
            Outcome::kStaleAttempt);
  // The body's old stamp would make the execution's own letter look like an earlier attempt's.
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Replay(replay).Attempt(before))),
            Outcome::kStaleAttempt);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Replay(replay).Attempt(stamp))),
            Outcome::kFailed);
}

TEST_P(ReplayConformance, P2_AnExecutionThatIsNotFailedAnyMoreIsNotTouched) {
  for (const std::string status : {"completed", "running", "scheduled", "cancelled", ""}) {
    SCOPED_TRACE(status);
    UseReplays({});
    const Judgement letter = Failed(Number(1));
    const ReplayId replay = Make({IdOf(letter)});
    Lease(driver_);
    status.empty() ? ledger_->Remove(Number(1)) : ledger_->SetStatus(Number(1), status);
    ExpectWithdrawn(replay, letter,
                    status.empty() ? "the execution is gone" : "the execution is " + status);
    EXPECT_EQ(StatusOf(Number(1)), status.empty() ? "(no row)" : status);
    EXPECT_EQ(StateOf(letter), LetterState::kOpen);
    ExpectCountsAgree();
  }
}

TEST_P(ReplayConformance, P2_WhatAnotherLetterHasFailedSinceIsNotTouched) {
  const Judgement first = Failed(Number(1));
  ledger_->SetStatus(Number(1), "scheduled");
  const Judgement second = Fails(LetterBuilder(Number(1)));
  EXPECT_EQ(OutcomeOf(second), Outcome::kFailed);
  const ReplayId replay = Make({IdOf(first), IdOf(second)});
  Lease(driver_);
  ExpectWithdrawn(replay, first, "the execution was not failed by it");
  EXPECT_EQ(StatusOf(Number(1)), "failed");
  EXPECT_EQ(ClaimLetter(replay, second).verdict, ClaimVerdict::kClaimed);
}

TEST_P(ReplayConformance, OnlyWhatLeftItsExecutionAloneOrHasNoneIsSentWithoutAFailure) {
  Put(Number(1));
  Put(Number(2));
  Put(Number(3));
  const Judgement parked = Ends(LetterBuilder(Number(1)).Build(), Outcome::kParked);
  const Judgement odd = Ends(LetterBuilder().Malformed(Malformation::kNotJson).Build(),
                             Outcome::kMalformed, "not_json");
  const Judgement missing = Fails(LetterBuilder(Number(99)));
  const Judgement stale =
      Fails(LetterBuilder(Number(2)).Attempt(UpdatedOf(Number(2)) - std::chrono::hours(1)));
  const Judgement parked_stale =
      Ends(LetterBuilder(Number(3)).Attempt(UpdatedOf(Number(3)) - std::chrono::hours(1)).Build(),
           Outcome::kParked);
  const std::vector<Judgement> all = {parked, odd, missing, stale, parked_stale};
  EXPECT_EQ(Settle(all).size(), 5u);
  std::vector<LetterId> ids;
  for (const Judgement& judgement : all) ids.push_back(IdOf(judgement));
  const ReplayId replay = Make(ids);
  Lease(driver_);
  const ClaimedLetter claimed = ClaimLetter(replay, parked);
  EXPECT_EQ(claimed.verdict, ClaimVerdict::kClaimed);
  EXPECT_EQ(claimed.stamp, UpdatedOf(Number(1)));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kStaleAttempt);
  for (const Judgement* judgement : {&odd, &missing}) {
    EXPECT_EQ(ClaimLetter(replay, *judgement).verdict, ClaimVerdict::kClaimed);
    EXPECT_EQ(Mark(replay, *judgement, ReplayMark::kSent).size(), 0u);
  }
  ExpectWithdrawn(replay, stale, "the execution is scheduled");
  ExpectWithdrawn(replay, parked_stale, "the execution is scheduled");
  EXPECT_THAT(Follow(replay), testing::ElementsAre(testing::Pair(ReplayEnd::kNoAnswer, 2)));
}

TEST_P(ReplayConformance, P3_OfTwoLettersOfAnExecutionOneIsSent) {
  Put(Number(1));
  const Judgement first = Ends(LetterBuilder(Number(1)).Build(), Outcome::kParked);
  const Judgement second = Ends(LetterBuilder(Number(1)).Build(), Outcome::kParked);
  EXPECT_EQ(Settle({first, second}).size(), 2u);
  const ReplayId replay = Make({IdOf(first), IdOf(second)});
  Lease(driver_);
  const std::vector<ReplayClaim> claims = {ClaimOf(first), ClaimOf(second)};
  const auto claimed = Good(work_->Claim(replay, driver_, claims, Now()));
  EXPECT_EQ(claimed[0].verdict, ClaimVerdict::kClaimed);
  EXPECT_EQ(claimed[1].verdict, ClaimVerdict::kWithdrawn);
  EXPECT_EQ(PartOf(replay, second).end, ReplayEnd::kWithdrawn);
}

TEST_P(ReplayConformance, P2_ATriggerThatKeepsTheRowKeepsTheMessage) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  Lease(driver_);
  ledger_->AddTrigger(PlatformTrigger::kSuppresses);
  ExpectWithdrawn(replay, letter, "the platform does not let its execution go back");
  ledger_->RemoveTrigger();
  EXPECT_EQ(StatusOf(Number(1)), "failed");
  EXPECT_EQ(StateOf(letter), LetterState::kOpen);
}

TEST_P(ReplayConformance, ATriggerThatRefusesAnExecutionIsALettersFault) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  Lease(driver_);
  ledger_->AddTrigger(PlatformTrigger::kRaises);
  const ReplayClaim claim = ClaimOf(letter);
  const auto refused = work_->Claim(replay, driver_, std::span(&claim, 1), Now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, LedgerFault::kLetter);
  ledger_->RemoveTrigger();
  EXPECT_EQ(PartOf(replay, letter).step, ReplayStep::kPending);
  EXPECT_THAT(Mark(replay, letter, ReplayMark::kWithdrawn),
              testing::ElementsAre(testing::Pair(ReplayEnd::kWithdrawn, 1)));
  EXPECT_EQ(PartOf(replay, letter).detail, "a detail");
}

TEST_P(ReplayConformance, P3_ARefusedLetterThatIsReplayedIsNotSettledAgainMeanwhile) {
  for (const bool succeeds : {true, false}) {
    UseReplays({});
    Put(Number(1));
    Judgement refused = Ends(LetterBuilder(Number(1)).Build(), Outcome::kRefused);
    refused.try_again_at = Now();
    EXPECT_EQ(OutcomeOf(refused), Outcome::kRefused);
    int looks = 0;  // each look later than the lease of the one before
    const auto due = [&] {
      const Instant later = Now() + std::chrono::hours(++looks);
      return Good(settlement_->TakeDue(later, kMany, kMuch, kLease)).size();
    };
    // Taken before the claim, and judged after it.
    EXPECT_EQ(due(), 1u);
    const ReplayId replay = Claimed(refused);
    Judgement again = Fails(refused.letter);
    EXPECT_FALSE(
        Good(settlement_->SettleAgain(std::span(&again, 1), LockedRows::kWait)).at(0).recorded);
    EXPECT_EQ(due(), 0u);
    EXPECT_EQ(StateOf(refused), LetterState::kWaiting);
    Mark(replay, refused, ReplayMark::kSent);
    if (succeeds) ledger_->SetStatus(Number(1), "completed");
    Follow(replay, Now() + std::chrono::hours(2));
    EXPECT_EQ(StateOf(refused), succeeds ? LetterState::kClosed : LetterState::kOpen);
    EXPECT_EQ(due(), 0u);
    // Nobody answered: its row waits, and is that letter's for another replay.
    if (!succeeds) {
      EXPECT_NE(Claimed(refused), replay);
    }
  }
}

}  // namespace deadletter::test
