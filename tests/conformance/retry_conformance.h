// What every Settlement does with a letter that a rule sends back, and with the letters of that
// execution that come after it. Included once a test program.
#pragma once

#include <thread>

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class RetryConformance : public LedgerConformance {
 protected:
  // The platform schedules it anew: another attempt, another stamp.
  Instant Reschedule(const ExecutionId& id) {
    const Instant before = UpdatedOf(id);
    while (UpdatedOf(id) <= before) ledger_->SetStatus(id, "scheduled");
    return UpdatedOf(id);
  }

  // Due at once.
  [[nodiscard]] Judgement RetryNow(const ExecutionId& id, ReplayId replay) {
    Judgement judgement = Retries(LetterBuilder(id).Build(), replay, Now());
    EXPECT_EQ(OutcomeOf(judgement), Outcome::kRetried);
    return judgement;
  }

  void ExpectWithdrawn(const Judgement& judgement, const std::string& why) {
    const LetterRecord record = Show(judgement);
    EXPECT_EQ(record.summary.outcome, Outcome::kRetried);
    EXPECT_EQ(record.summary.state, LetterState::kClosed);
    ASSERT_EQ(record.history.size(), 2U);
    EXPECT_EQ(record.history[1].what, "closed");
    EXPECT_EQ(record.history[1].detail, why);
  }
};

TEST_P(RetryConformance, ARetriedLetterWaitsAndItsExecutionIsLeftAlone) {
  Put(Number(1));
  const Judgement judgement =
      Retries(LetterBuilder(Number(1)).Build(), NewReplayId(), Now() + std::chrono::seconds(10));
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kRetried);
  EXPECT_EQ(StateOf(judgement), LetterState::kWaiting);
  EXPECT_EQ(Show(judgement).rule, "try again");
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
}

TEST_P(RetryConformance, P2_AfterARetryOnlyItsOwnLetterFailsTheExecution) {
  Put(Number(1));
  const ReplayId replay = NewReplayId();
  EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(1)).Build(), replay, Now())), Outcome::kRetried);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kStaleAttempt);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Replay(NewReplayId()))),
            Outcome::kStaleAttempt);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Replay(replay))), Outcome::kFailed);
}

TEST_P(RetryConformance, P2_ARetryInTheSameBatchMakesTheLettersAfterItStale) {
  Put(Number(1));
  Put(Number(2));
  const ReplayId replay = NewReplayId();
  const auto settled = Settle({Retries(LetterBuilder(Number(1)).Build(), replay, Now()),
                               Fails(LetterBuilder(Number(1))), Fails(LetterBuilder(Number(2))),
                               Retries(LetterBuilder(Number(1)).Build(), NewReplayId(), Now())});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kRetried);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kStaleAttempt);
  EXPECT_EQ(settled.at(2).outcome, Outcome::kFailed);
  EXPECT_EQ(settled.at(3).outcome, Outcome::kStaleAttempt);
  EXPECT_EQ(Claim().size(), 2U);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Replay(replay))), Outcome::kFailed);
}

TEST_P(RetryConformance, TheNewestRetryOwnsTheExecution) {
  Put(Number(1));
  const ReplayId older = NewReplayId();
  const ReplayId newer = NewReplayId();
  EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(1)).Build(), older, Now())), Outcome::kRetried);
  EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(1)).Replay(older).Build(), newer, Now())),
            Outcome::kRetried);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Replay(older))), Outcome::kStaleAttempt);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Replay(newer))), Outcome::kFailed);
}

TEST_P(RetryConformance, P5_AfterARetryALaterAttemptOfThePlatformsFailsAsEver) {
  Put(Number(1));
  const Instant first = UpdatedOf(Number(1));
  const ReplayId replay = NewReplayId();
  EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(1)).Attempt(first).Build(), replay, Now())),
            Outcome::kRetried);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Attempt(first))), Outcome::kStaleAttempt);

  const Instant second = Reschedule(Number(1));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Attempt(first))), Outcome::kStaleAttempt);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Attempt(first).Replay(replay))),
            Outcome::kStaleAttempt);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Attempt(second))), Outcome::kFailed);
}

TEST_P(RetryConformance, P5_ALaterAttemptMayBeRetriedAsWell) {
  Put(Number(1));
  const Instant first = UpdatedOf(Number(1));
  EXPECT_EQ(
      OutcomeOf(Retries(LetterBuilder(Number(1)).Attempt(first).Build(), NewReplayId(), Now())),
      Outcome::kRetried);
  const Instant second = Reschedule(Number(1));
  const ReplayId replay = NewReplayId();
  EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(1)).Attempt(second).Build(), replay, Now())),
            Outcome::kRetried);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Attempt(second))), Outcome::kStaleAttempt);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Attempt(second).Replay(replay))),
            Outcome::kFailed);
}

TEST_P(RetryConformance, P2_ALetterWithoutAStampCannotBeOfALaterAttempt) {
  Put(Number(1));
  EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(1)).Build(), NewReplayId(), Now())),
            Outcome::kRetried);
  Reschedule(Number(1));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kStaleAttempt);
}

TEST_P(RetryConformance, P2_ARetryOfAnEarlierAttemptIsNotSentAndTakesNothingOver) {
  Put(Number(1));
  const Instant first = UpdatedOf(Number(1));
  const Instant second = Reschedule(Number(1));
  const Judgement late =
      Retries(LetterBuilder(Number(1)).Attempt(first).Build(), NewReplayId(), Now());
  EXPECT_EQ(OutcomeOf(late), Outcome::kStaleAttempt);
  EXPECT_EQ(StateOf(late), LetterState::kOpen);
  EXPECT_THAT(Claim(), testing::IsEmpty());
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Attempt(second))), Outcome::kFailed);
}

TEST_P(RetryConformance, P2_WorkThatIsDoneIsNotSentAgain) {
  Put(Number(1), "completed");
  Put(Number(2), "requested");
  const auto retry = [](int number) {
    return Retries(LetterBuilder(Number(number)).Build(), NewReplayId(), Now());
  };
  const Judgement done = retry(1);
  const auto settled = Settle({done, retry(2), retry(3)});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kNotFailable);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kNotFailable);
  EXPECT_EQ(settled.at(2).outcome, Outcome::kNotFound);
  EXPECT_EQ(StateOf(done), LetterState::kClosed);
  EXPECT_THAT(Claim(), testing::IsEmpty());
}

TEST_P(RetryConformance, P2_WhatFailedInTheSameBatchIsNotSentAgain) {
  Put(Number(1));
  const auto settled = Settle({Fails(LetterBuilder(Number(1))),
                               Retries(LetterBuilder(Number(1)).Build(), NewReplayId(), Now())});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kNotFailable);
  EXPECT_EQ(Claim().size(), 1U);
}

TEST_P(RetryConformance, ARefusedLetterMayBeRetriedFromTheLedger) {
  Put(Number(1));
  Judgement judgement = Retries(LetterBuilder(Number(1)).Build(), NewReplayId(), Now());
  judgement.fixed = FixedOutcome{.outcome = Outcome::kRefused, .detail = "54000"};
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kRefused);
  EXPECT_THAT(Claim(), testing::IsEmpty());
  judgement.fixed.reset();
  const auto again = Good(settlement_->SettleAgain(std::span(&judgement, 1), LockedRows::kWait));
  EXPECT_EQ(again.at(0).outcome, Outcome::kRetried);
  EXPECT_EQ(StateOf(judgement), LetterState::kWaiting);
  EXPECT_EQ(Claim().size(), 1U);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kStaleAttempt);
}

// Between the record of a retry and its time the world goes on.

TEST_P(RetryConformance, P2_ARetryIsNotSentOnceItsExecutionIsFinalOrNotFailableOrGone) {
  std::vector<std::pair<Judgement, std::string>> retried;
  for (const std::string status : {"completed", "failed", "cancelled", "requested", ""}) {
    const ExecutionId id = Number(static_cast<std::int64_t>(retried.size()) + 1);
    Put(id);
    retried.emplace_back(RetryNow(id, NewReplayId()),
                         status.empty() ? "the execution is gone" : "the execution is " + status);
    status.empty() ? ledger_->Remove(id) : ledger_->SetStatus(id, status);
  }
  EXPECT_THAT(Claim(), testing::IsEmpty());
  for (const auto& [judgement, why] : retried) ExpectWithdrawn(judgement, why);
  EXPECT_EQ(Good(outbox_->Backlog(Now())).pending, 0);
  EXPECT_EQ(Good(catalog_->Counts()).letters[LetterState::kWaiting], 0);
  EXPECT_EQ(Good(catalog_->Counts()).letters[LetterState::kClosed], 5);
}

TEST_P(RetryConformance, P2_WhateverThePlatformsTableLooksLikeARetryIsNotSentForWorkThatIsDone) {
  for (const auto shape : {PlatformShape::kAttune, PlatformShape::kTextIds, PlatformShape::kUuidIds,
                           PlatformShape::kPlainJobs}) {
    const ExecutionTable table = TableOf(shape);
    SCOPED_TRACE(table.table);
    Use({.shape = shape});
    Put(IdFor(shape, 1), table.failable.front());
    Put(IdFor(shape, 2), table.failable.front());
    const Judgement done = RetryNow(IdFor(shape, 1), NewReplayId());
    const Judgement waiting = RetryNow(IdFor(shape, 2), NewReplayId());
    ledger_->SetStatus(IdFor(shape, 1), table.final_statuses.front());
    const auto entries = Claim();
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].message.properties, waiting.retry->message.properties);
    EXPECT_EQ(entries[0].withheld, "");
    ExpectWithdrawn(done, "the execution is " + table.final_statuses.front());
    EXPECT_EQ(StateOf(waiting), LetterState::kWaiting);
  }
}

TEST_P(RetryConformance, P2_ARetryIsNotSentOnceItsExecutionWaitsForAnotherMessage) {
  Put(Number(1));
  const ReplayId first = NewReplayId();
  const Judgement older = RetryNow(Number(1), first);
  const Judgement newer =
      Retries(LetterBuilder(Number(1)).Replay(first).Build(), NewReplayId(), Now());
  EXPECT_EQ(OutcomeOf(newer), Outcome::kRetried);
  const auto entries = Claim();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].message.headers, newer.retry->message.headers);
  ExpectWithdrawn(older, "the execution waits for it no longer");
  EXPECT_EQ(StateOf(newer), LetterState::kWaiting);
}

TEST_P(RetryConformance, P2_ARetryIsNotSentOnceItsExecutionWasFinalAndIsRunAnew) {
  Put(Number(1));
  const Judgement judgement = RetryNow(Number(1), NewReplayId());
  ledger_->SetStatus(Number(1), "completed");
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 0U);
  ledger_->SetStatus(Number(1), "scheduled");
  EXPECT_THAT(Claim(), testing::IsEmpty());
  ExpectWithdrawn(judgement, "the execution waits for it no longer");
}

TEST_P(RetryConformance, ARetryThatIsWithdrawnTakesNoOtherMessageWithIt) {
  for (int number = 1; number <= 4; ++number) Put(Number(number));
  const Judgement done = RetryNow(Number(1), NewReplayId());
  const Judgement waiting = RetryNow(Number(2), NewReplayId());
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(3)))), Outcome::kFailed);
  const Judgement later =
      Retries(LetterBuilder(Number(4)).Build(), NewReplayId(), Now() + std::chrono::hours(48));
  EXPECT_EQ(OutcomeOf(later), Outcome::kRetried);
  ledger_->SetStatus(Number(1), "completed");
  ledger_->SetStatus(Number(4), "completed");
  const auto entries = Claim();
  ASSERT_EQ(entries.size(), 2U);
  for (const OutboxEntry& entry : entries) EXPECT_EQ(entry.withheld, "");
  ExpectWithdrawn(done, "the execution is completed");
  EXPECT_EQ(StateOf(waiting), LetterState::kWaiting);
  EXPECT_EQ(StateOf(later), LetterState::kWaiting) << "its time has not come";
}

TEST_P(RetryConformance, P6_WhereThePlatformsTableCannotBeReadRetriesWaitAndEventsDoNot) {
  Put(Number(1));
  Put(Number(2));
  const Judgement retried = RetryNow(Number(1), NewReplayId());
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(2)))), Outcome::kFailed);
  const auto claim = [&] {
    return Good(outbox_->Claim(Now() + std::chrono::hours(1), kMany, kMuch, kLease));
  };
  ledger_->DropPlatformTable();
  for (const OutboxEntry& entry : claim()) {
    EXPECT_EQ(entry.kind == OutboxKind::kRetry, !entry.withheld.empty()) << entry.withheld;
  }
  EXPECT_EQ(Good(outbox_->Backlog(Now())).pending, 2);
  EXPECT_EQ(StateOf(retried), LetterState::kWaiting);
}

TEST_P(RetryConformance, P6_ATableThatGoesAwayBetweenTwoClaimsHoldsUpNoEvent) {
  Put(Number(1));
  Put(Number(2));
  Put(Number(3));
  EXPECT_EQ(RetryNow(Number(1), NewReplayId()).tries, 0);
  EXPECT_EQ(Claim().size(), 1U);  // from now on the table is known
  EXPECT_EQ(RetryNow(Number(2), NewReplayId()).tries, 0);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(3)))), Outcome::kFailed);
  ledger_->DropPlatformTable();
  const auto entries = Claim();
  ASSERT_EQ(entries.size(), 2U);
  for (const OutboxEntry& entry : entries) {
    EXPECT_EQ(entry.kind == OutboxKind::kRetry, !entry.withheld.empty()) << entry.withheld;
  }
}

TEST_P(RetryConformance, WhoObservesAsksTheLedgerAloneWhetherARetryIsWaitedFor) {
  Put(Number(1));
  Put(Number(2));
  const ReplayId first = NewReplayId();
  const Judgement older = RetryNow(Number(1), first);
  EXPECT_EQ(
      OutcomeOf(Retries(LetterBuilder(Number(1)).Replay(first).Build(), NewReplayId(), Now())),
      Outcome::kRetried);
  const Judgement waiting = RetryNow(Number(2), NewReplayId());
  ledger_->DropPlatformTable();
  auto observing = ledger_->OpenObservingOutbox();
  const auto entries = Good(observing->Claim(Now() + std::chrono::hours(1), kMany, kMuch, kLease));
  EXPECT_EQ(entries.size(), 2U);
  for (const OutboxEntry& entry : entries) EXPECT_EQ(entry.withheld, "");
  ExpectWithdrawn(older, "the execution waits for it no longer");
  EXPECT_EQ(StateOf(waiting), LetterState::kWaiting);
}

TEST_P(RetryConformance, P9_ExecutionsThatAreFinalOrGoneWaitForNoRetryAnyMore) {
  constexpr int kExecutions = 7;
  const auto retry_all = [&] {
    for (int number = 1; number <= kExecutions; ++number) {
      EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(number)).Build(), NewReplayId(), Now())),
                Outcome::kRetried);
    }
  };
  for (int number = 1; number <= kExecutions; ++number) Put(Number(number));
  retry_all();
  for (int number = 1; number <= kExecutions - 2; ++number)
    ledger_->SetStatus(Number(number), "completed");
  ledger_->Remove(Number(kExecutions));
  // A few at a time, and all of them in the end.
  for (int round = 0; round < kExecutions; ++round)
    EXPECT_EQ(Good(settlement_->CloseFinished(2)), 0U);

  Put(Number(kExecutions));
  for (int number = 1; number <= kExecutions; ++number) {
    ledger_->SetStatus(Number(number), "scheduled");
    const bool still_waits = number == kExecutions - 1;
    EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(number)))),
              still_waits ? Outcome::kStaleAttempt : Outcome::kFailed)
        << number;
  }
}

TEST_P(RetryConformance, P5_SeveralInstancesForgetTheSameExecutionsTogether) {
  constexpr int kExecutions = 200;
  std::vector<Judgement> batch;
  for (int number = 1; number <= kExecutions; ++number) {
    Put(Number(number));
    batch.push_back(Retries(LetterBuilder(Number(number)).Build(), NewReplayId(), Now()));
  }
  EXPECT_EQ(Settle(batch).size(), batch.size());
  for (int number = 1; number <= kExecutions; ++number)
    ledger_->SetStatus(Number(number), "completed");
  {
    std::vector<std::jthread> instances;
    for (int instance = 0; instance < 3; ++instance) {
      instances.emplace_back([this] {
        auto settlement = ledger_->OpenSettlement();
        for (int round = 0; round < 10; ++round) Good(settlement->CloseFinished(kExecutions));
      });
    }
  }
  for (int number = 1; number <= kExecutions; ++number) {
    ledger_->SetStatus(Number(number), "scheduled");
    EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(number)))), Outcome::kFailed) << number;
  }
}

}  // namespace deadletter::test
