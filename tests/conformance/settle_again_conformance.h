// What every Settlement does with letters that it has: those deferred or refused, and open ones
// whose execution has ended.
#pragma once

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

using std::chrono::hours;
using std::chrono::seconds;

class SettleAgainConformance : public LedgerConformance {};

// A refused letter is looked at again until something else becomes of it.

TEST_P(SettleAgainConformance, ARefusedLetterIsDueAgainAndSettledFromTheLedger) {
  Put(Number(1));
  const Judgement judgement = Ends(LetterBuilder(Number(1)).Header("h", FieldValue{true}).Build(),
                                   Outcome::kRefused, "P0001 no");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kRefused);
  const Instant later = judgement.try_again_at + seconds(1);
  EXPECT_THAT(Good(settlement_->TakeDue(judgement.try_again_at - seconds(1), 10, kMuch, kLease)),
              testing::IsEmpty());

  const auto due = Good(settlement_->TakeDue(later, 10, kMuch, kLease));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].id, judgement.letter.id);
  EXPECT_EQ(due[0].outcome, Outcome::kRefused);
  EXPECT_EQ(due[0].delivery.message, judgement.letter.delivery.message);
  EXPECT_EQ(due[0].delivery.dead_letter_queue, judgement.letter.delivery.dead_letter_queue);
  EXPECT_EQ(due[0].delivery.exchange, judgement.letter.delivery.exchange);
  EXPECT_EQ(due[0].delivery.routing_key, judgement.letter.delivery.routing_key);
  EXPECT_EQ(due[0].delivery.received_at, judgement.letter.delivery.received_at);

  const std::vector<Judgement> again = {Again(judgement, due[0])};
  const auto settled = Good(settlement_->SettleAgain(again, LockedRows::kWait));
  EXPECT_TRUE(settled.at(0).recorded);
  EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(StatusOf(Number(1)), "failed");
  EXPECT_EQ(Claim().size(), 1U);
  const LetterRecord record = Show(judgement);
  EXPECT_EQ(record.summary.outcome, Outcome::kFailed);
  EXPECT_EQ(record.summary.detail, "");
  ASSERT_EQ(record.history.size(), 2U);
  EXPECT_EQ(record.history[0].what, "refused");
  EXPECT_EQ(record.history[0].detail, "P0001 no");
  EXPECT_EQ(record.history[1].what, "failed");
  EXPECT_THAT(Good(settlement_->TakeDue(later + hours(24), 10, kMuch, kLease)), testing::IsEmpty());
}

TEST_P(SettleAgainConformance, WhatIsTakenIsNobodyElsesUntilTheLeaseIsOver) {
  const Judgement judgement = Ends(LetterBuilder(Number(1)).Build(), Outcome::kRefused, "");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kRefused);
  const Instant later = judgement.try_again_at + seconds(1);
  auto other = ledger_->OpenSettlement();
  EXPECT_EQ(Good(settlement_->TakeDue(later, 10, kMuch, kLease)).size(), 1U);
  EXPECT_EQ(Good(other->TakeDue(later, 10, kMuch, kLease)).size(), 0U);
  EXPECT_EQ(Good(other->TakeDue(later + kLease + seconds(1), 10, kMuch, kLease)).size(), 1U);
}

// The clock is set back by an hour: a deferred letter never waits so long, a refused one may.
TEST_P(SettleAgainConformance, P5_WhatAClockThatWasSetBackLeftBehindIsBroughtForward) {
  const Judgement deferred = Ends(LetterBuilder(Number(1)).Build(), Outcome::kDeferred, "");
  EXPECT_EQ(OutcomeOf(deferred), Outcome::kDeferred);
  const Judgement refused = Ends(LetterBuilder(Number(2)).Build(), Outcome::kRefused, "");
  EXPECT_EQ(OutcomeOf(refused), Outcome::kRefused);
  const auto back_by = [&](hours by) {
    const Instant now = Now() - by;
    EXPECT_THAT(Good(settlement_->TakeDue(now, 10, kMuch, kLease)), testing::IsEmpty());
    Good(settlement_->BringForward(now, seconds(120), hours(2)));
    return Good(settlement_->TakeDue(now, 10, kMuch, kLease));
  };
  const auto an_hour = back_by(hours(1));
  ASSERT_EQ(an_hour.size(), 1U);
  EXPECT_EQ(an_hour[0].id, deferred.letter.id);
  EXPECT_THAT(back_by(hours(5)), testing::SizeIs(2));
}

TEST_P(SettleAgainConformance, DueLettersAreTakenWithinTheLimits) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(OutcomeOf(Ends(LetterBuilder(Number(1)).Body(std::string(1000, 'x')).Build(),
                             Outcome::kRefused)),
              Outcome::kRefused);
  }
  const Instant later = Now() + hours(1);
  EXPECT_EQ(Good(settlement_->TakeDue(later, 2, kMuch, kLease)).size(), 2U);
  EXPECT_EQ(Good(settlement_->TakeDue(later, 10, 1, kLease)).size(), 1U);
  EXPECT_EQ(Good(settlement_->TakeDue(later, 10, kMuch, kLease)).size(), 2U);
}

TEST_P(SettleAgainConformance, P5_ALetterWhoseRecordIsDamagedHidesNoOther) {
  std::vector<Judgement> letters;
  for (const std::string name : {"whole", "headers", "properties", "whole as well"}) {
    letters.push_back(Ends(LetterBuilder(Number(1)).Build(), Outcome::kDeferred, name));
    EXPECT_EQ(OutcomeOf(letters.back()), Outcome::kDeferred);
  }
  ledger_->Meddle("UPDATE {{letter}} SET headers = '{' WHERE detail = 'headers'");
  ledger_->Meddle("UPDATE {{letter}} SET properties = '[1' WHERE detail = 'properties'");
  const auto due = Good(settlement_->TakeDue(Now() + hours(1), 10, kMuch, kLease));
  ASSERT_EQ(due.size(), 4U);
  std::vector<Judgement> refusals;
  for (const DueLetter& letter : due) {
    const bool is_whole = letter.id == letters[0].letter.id || letter.id == letters[3].letter.id;
    EXPECT_EQ(letter.unreadable.empty(), is_whole) << letter.unreadable;
    if (is_whole) continue;
    EXPECT_EQ(letter.delivery.dead_letter_queue, letters[1].letter.delivery.dead_letter_queue);
    Judgement refusal;
    refusal.letter.id = letter.id;
    refusal.fixed = {Outcome::kRefused, letter.unreadable};
    refusal.try_again_at = Now() + hours(2);
    refusals.push_back(std::move(refusal));
  }
  for (const SettledLetter& settled : Good(settlement_->SettleAgain(refusals, LockedRows::kWait)))
    EXPECT_EQ(settled.outcome, Outcome::kRefused);
  EXPECT_THAT(Good(settlement_->TakeDue(Now() + hours(1) + kLease * 2, 10, kMuch, kLease)),
              testing::SizeIs(2));
}

TEST_P(SettleAgainConformance, ALetterRefusedAgainWaitsAgain) {
  Judgement judgement = Ends(LetterBuilder(Number(1)).Build(), Outcome::kRefused, "first");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kRefused);
  const Instant later = judgement.try_again_at + seconds(1);
  EXPECT_EQ(Good(settlement_->TakeDue(later, 10, kMuch, kLease)).size(), 1U);
  judgement.fixed->detail = "second";
  judgement.try_again_at = later + hours(1);
  EXPECT_TRUE(
      Good(settlement_->SettleAgain(std::span(&judgement, 1), LockedRows::kWait)).at(0).recorded);
  EXPECT_EQ(Show(judgement).summary.detail, "second");
  EXPECT_THAT(Good(settlement_->TakeDue(later + kLease * 2, 10, kMuch, kLease)),
              testing::IsEmpty());
  const auto due = Good(settlement_->TakeDue(later + hours(2), 10, kMuch, kLease));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].tries, 1);
}

TEST_P(SettleAgainConformance, ALetterThatSomebodyElseSettledIsLeftAlone) {
  Put(Number(1));
  const Judgement judgement = Ends(LetterBuilder(Number(1)).Build(), Outcome::kRefused, "");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kRefused);
  DueLetter due;
  due.id = judgement.letter.id;
  const std::vector<Judgement> again = {Again(judgement, due)};
  EXPECT_TRUE(Good(settlement_->SettleAgain(again, LockedRows::kWait)).at(0).recorded);
  ledger_->SetStatus(Number(1), "scheduled");
  const auto twice = Good(settlement_->SettleAgain(again, LockedRows::kWait));
  EXPECT_FALSE(twice.at(0).recorded);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(Claim().size(), 1U);
}

// Open letters close themselves.

TEST_P(SettleAgainConformance, OpenLettersCloseWhenTheirExecutionIsFinal) {
  Put(Number(1), "requested");
  Put(Number(2));
  const Judgement waiting = Fails(LetterBuilder(Number(1)));
  const Judgement stale = Fails(LetterBuilder(Number(2)).Attempt(Now() - hours(1)));
  const auto settled = Settle({waiting, stale});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kNotFailable);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kStaleAttempt);
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 0U);
  ledger_->SetStatus(Number(1), "completed");
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 1U);
  EXPECT_EQ(StateOf(waiting), LetterState::kClosed);
  EXPECT_EQ(StateOf(stale), LetterState::kOpen);
  EXPECT_EQ(Show(waiting).history.back().what, "closed");
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 0U);
}

TEST_P(SettleAgainConformance, AFailedLetterClosesOnlyWhenThePlatformWentOn) {
  Put(Number(1));
  const Judgement judgement = Fails(LetterBuilder(Number(1)));
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 0U);
  EXPECT_EQ(StateOf(judgement), LetterState::kOpen);
  ledger_->SetStatus(Number(1), "completed");
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 1U);
  EXPECT_EQ(StateOf(judgement), LetterState::kClosed);
}

TEST_P(SettleAgainConformance, AParkedLetterClosesWhenItsExecutionIsFinal) {
  Put(Number(1));
  const Judgement judgement = Ends(LetterBuilder(Number(1)).Build(), Outcome::kParked, "a rule");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kParked);
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 0U);
  ledger_->SetStatus(Number(1), "failed");
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 1U);
  EXPECT_EQ(StateOf(judgement), LetterState::kClosed);
}

TEST_P(SettleAgainConformance, ClosingGoesRoundWhateverItsLimit) {
  for (int number = 1; number <= 7; ++number) Put(Number(number), "requested");
  std::vector<Judgement> batch;
  for (int number = 1; number <= 7; ++number) batch.push_back(Fails(LetterBuilder(Number(number))));
  EXPECT_EQ(Settle(batch).size(), 7U);
  ledger_->SetStatus(Number(7), "completed");
  std::size_t closed = 0;
  for (int round = 0; round < 5; ++round) closed += Good(settlement_->CloseFinished(2));
  EXPECT_EQ(closed, 1U);
  ledger_->SetStatus(Number(1), "completed");
  for (int round = 0; round < 5; ++round) closed += Good(settlement_->CloseFinished(2));
  EXPECT_EQ(closed, 2U);
}

}  // namespace deadletter::test
