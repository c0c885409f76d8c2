// What every Outbox does with messages that wait to be published. Included once a test program.
#pragma once

#include <algorithm>
#include <set>
#include <thread>

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class OutboxConformance : public LedgerConformance {
 protected:
  // Fails `count` executions from `first` on, in one batch: as many events.
  std::vector<Judgement> MakeEvents(int first, int count) {
    std::vector<Judgement> batch;
    for (int number = first; number < first + count; ++number) {
      Put(Number(number));
      batch.push_back(Fails(LetterBuilder(Number(number))));
    }
    for (const SettledLetter& one : Settle(batch)) EXPECT_EQ(one.outcome, Outcome::kFailed);
    return batch;
  }
  [[nodiscard]] std::vector<OutboxEntry> ClaimAt(Instant now, std::size_t limit = kMany,
                                                 std::size_t max_bytes = kMuch) {
    return Good(outbox_->Claim(now, limit, max_bytes, kLease));
  }
  void Mark(std::int64_t id, OutboxMark mark, Instant retry_at = {}, std::string detail = "") {
    const std::vector<OutboxResult> results = {
        {.id = id, .mark = mark, .detail = std::move(detail), .retry_at = retry_at}};
    Good(outbox_->Mark(results));
  }
};

TEST_P(OutboxConformance, EntriesComeInTheOrderTheyWereRecorded) {
  const auto first = MakeEvents(1, 20);
  const auto second = MakeEvents(21, 20);
  const auto entries = ClaimAt(Now());
  ASSERT_EQ(entries.size(), 40U);
  for (std::size_t i = 0; i < 40; ++i) {
    const Judgement& judgement = i < 20 ? first[i] : second[i - 20];
    EXPECT_EQ(entries[i].message.properties.message_id, FormatUuid(judgement.event.message_id));
    EXPECT_EQ(entries[i].attempts, 0);
  }
}

TEST_P(OutboxConformance, AClaimedEntryIsNobodyElsesUntilItsLeaseIsOver) {
  MakeEvents(1, 3);
  const Instant now = Now();
  auto other = ledger_->OpenOutbox();
  const auto claimed = ClaimAt(now);
  EXPECT_EQ(claimed.size(), 3U);
  EXPECT_THAT(Good(other->Claim(now, kMany, kMuch, kLease)), testing::IsEmpty());
  const auto later =
      Good(other->Claim(now + kLease + std::chrono::seconds(1), kMany, kMuch, kLease));
  ASSERT_EQ(later.size(), 3U);
  EXPECT_EQ(later[0].message, claimed[0].message);
  EXPECT_EQ(later[0].attempts, 1);
}

TEST_P(OutboxConformance, APublishedEntryIsGone) {
  const auto judgements = MakeEvents(1, 2);
  const Instant now = Now();
  for (const OutboxEntry& entry : ClaimAt(now)) Mark(entry.id, OutboxMark::kPublished);
  EXPECT_THAT(ClaimAt(now + std::chrono::hours(1)), testing::IsEmpty());
  EXPECT_EQ(Good(outbox_->Backlog(now)).pending, 0);
  const auto history = Show(judgements[0]).history;
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].what, "failed");
  EXPECT_EQ(history[1].what, "event_published");
}

TEST_P(OutboxConformance, P6_AnEntryTriedAgainKeepsItsMessageId) {
  MakeEvents(1, 1);
  const Instant now = Now();
  const auto first = ClaimAt(now);
  Mark(first.at(0).id, OutboxMark::kAgain, now + std::chrono::seconds(10), "nacked");
  EXPECT_THAT(ClaimAt(now + std::chrono::seconds(9)), testing::IsEmpty());
  const auto second = ClaimAt(now + std::chrono::seconds(11));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].message, first[0].message);
  EXPECT_EQ(second[0].attempts, 1);
}

TEST_P(OutboxConformance, WhatWasNotSentIsNoAttempt) {
  MakeEvents(1, 1);
  const Instant now = Now();
  for (int outage = 0; outage < 3; ++outage) {
    const auto entries = ClaimAt(now);
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].attempts, 0);
    Mark(entries[0].id, OutboxMark::kUntried, now, "the broker is away");
  }
  const auto tried = ClaimAt(now);
  Mark(tried.at(0).id, OutboxMark::kUnroutable, now, "no queue is bound");
  // What an earlier attempt found out stays true while nothing is tried.
  Mark(ClaimAt(now).at(0).id, OutboxMark::kUntried, now, "the broker is away");
  EXPECT_EQ(Good(outbox_->Backlog(now)).unroutable, 1);
  EXPECT_EQ(ClaimAt(now).at(0).attempts, 1);
}

TEST_P(OutboxConformance, AnUnroutableEntryIsKeptAndCounted) {
  MakeEvents(1, 2);
  const Instant now = Now();
  const auto entries = ClaimAt(now);
  Mark(entries.at(0).id, OutboxMark::kUnroutable, now + std::chrono::seconds(30),
       "no queue is bound");
  Mark(entries.at(1).id, OutboxMark::kPublished);
  auto backlog = Good(outbox_->Backlog(now + std::chrono::seconds(5)));
  EXPECT_EQ(backlog.pending, 1);
  EXPECT_EQ(backlog.unroutable, 1);
  EXPECT_GE(backlog.oldest, std::chrono::seconds(5));
  const auto again = ClaimAt(now + std::chrono::seconds(31));
  ASSERT_EQ(again.size(), 1U);
  Mark(again[0].id, OutboxMark::kAgain, now + std::chrono::seconds(31), "in doubt");
  backlog = Good(outbox_->Backlog(now));
  EXPECT_EQ(backlog.pending, 1);
  EXPECT_EQ(backlog.unroutable, 0);
}

TEST_P(OutboxConformance, AnEmptyOutboxHasNoBacklog) {
  const auto backlog = Good(outbox_->Backlog(Now()));
  EXPECT_EQ(backlog.pending, 0);
  EXPECT_EQ(backlog.unroutable, 0);
  EXPECT_EQ(backlog.oldest, Microseconds(0));
  Good(outbox_->Mark({}));
}

TEST_P(OutboxConformance, P6_EventsOfOneExecutionLeaveInTheOrderTheyWereRecorded) {
  MakeEvents(1, 1);
  ledger_->SetStatus(Number(1), "scheduled");
  const Judgement second = Fails(LetterBuilder(Number(1)));
  EXPECT_EQ(OutcomeOf(second), Outcome::kFailed);
  const Instant now = Now();
  const auto first = ClaimAt(now);
  ASSERT_EQ(first.size(), 1U);
  Mark(first[0].id, OutboxMark::kAgain, now + std::chrono::hours(1), "nacked");
  EXPECT_THAT(ClaimAt(now + std::chrono::minutes(30)), testing::IsEmpty());
  const auto retried = ClaimAt(now + std::chrono::hours(2));
  ASSERT_EQ(retried.size(), 1U);
  EXPECT_EQ(retried[0].id, first[0].id);
  Mark(retried[0].id, OutboxMark::kPublished);
  const auto next = ClaimAt(now + std::chrono::hours(2));
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].message.properties.message_id, FormatUuid(second.event.message_id));
}

TEST_P(OutboxConformance, P6_AnEventWaitsForNoRetryOfItsExecution) {
  Put(Number(1));
  const Instant now = Now();
  const ReplayId replay = NewReplayId();
  const Judgement retried =
      Retries(LetterBuilder(Number(1)).Build(), replay, now + std::chrono::hours(1));
  EXPECT_EQ(OutcomeOf(retried), Outcome::kRetried);
  const Judgement failed = Fails(LetterBuilder(Number(1)).Replay(replay));
  EXPECT_EQ(OutcomeOf(failed), Outcome::kFailed);
  const auto entries = ClaimAt(Now());
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].message.properties.message_id, FormatUuid(failed.event.message_id));
}

TEST_P(OutboxConformance, P6_AnEventWaitsForNoSubmissionOfItsExecution) {
  NewExecution submitted;
  submitted.action_ref = "core.echo";
  submitted.payload_json = "{}";
  const auto ids =
      Good(ledger_->OpenExecutions()->Submit(std::span(&submitted, 1), Now(), std::nullopt));
  const auto submission = ClaimAt(Now());
  ASSERT_EQ(submission.size(), 1U);
  // Sent, delivered, and dead, before its answer came.
  Mark(submission[0].id, OutboxMark::kAgain, Now() + std::chrono::hours(1), "in doubt");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(ids.at(0)))), Outcome::kFailed);
  const auto entries = ClaimAt(Now());
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].kind, OutboxKind::kEvent);
}

TEST_P(OutboxConformance, P5_ARetryWaitsForNoEventOfItsExecution) {
  MakeEvents(1, 1);
  const auto event = ClaimAt(Now());
  ASSERT_EQ(event.size(), 1U);
  Mark(event[0].id, OutboxMark::kUnroutable, Now() + std::chrono::hours(1), "no queue is bound");
  ledger_->SetStatus(Number(1), "scheduled");
  EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(1)).Build(), NewReplayId(), Now())),
            Outcome::kRetried);
  const auto entries = ClaimAt(Now());
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].kind, OutboxKind::kRetry);
}

TEST_P(OutboxConformance, ARetryLeavesWhenItsTimeHasComeWithTheLettersBody) {
  Put(Number(1));
  const std::string body("{\0\xFF", 3);
  const Instant at = Now() + std::chrono::minutes(5);
  const Judgement judgement =
      Retries(LetterBuilder(Number(1)).Body(body).Build(), NewReplayId(), at);
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kRetried);
  EXPECT_THAT(ClaimAt(at - std::chrono::seconds(1)), testing::IsEmpty());
  EXPECT_EQ(Good(outbox_->Backlog(at - std::chrono::seconds(1))).oldest, Microseconds(0));
  const auto entries = ClaimAt(at);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].kind, OutboxKind::kRetry);
  EXPECT_EQ(entries[0].address, judgement.retry->address);
  EXPECT_EQ(entries[0].message.properties, judgement.retry->message.properties);
  EXPECT_EQ(entries[0].message.headers, judgement.retry->message.headers);
  EXPECT_EQ(entries[0].message.body, body);
}

TEST_P(OutboxConformance, ARetryThatWaitsForItsTimeHidesNobodyOlder) {
  Put(Number(1));
  const Instant now = Now();
  const Judgement retried =
      Retries(LetterBuilder(Number(1)).Build(), NewReplayId(), now + std::chrono::hours(1));
  EXPECT_EQ(OutcomeOf(retried), Outcome::kRetried);
  MakeEvents(2, 1);
  EXPECT_GE(Good(outbox_->Backlog(now + std::chrono::hours(2))).oldest, std::chrono::minutes(119));
}

TEST_P(OutboxConformance, P5_AnEntryWhoseRecordIsDamagedHidesNoOther) {
  std::vector<Judgement> retried;
  for (int number = 1; number <= 4; ++number) {
    Put(Number(number));
    retried.push_back(Retries(LetterBuilder(Number(number)).Build(), NewReplayId(), Now()));
    EXPECT_EQ(OutcomeOf(retried.back()), Outcome::kRetried);
  }
  ledger_->Meddle("UPDATE {{outbox}} SET headers = '{' WHERE execution_id = '1'");
  ledger_->Meddle("UPDATE {{outbox}} SET properties = '[1' WHERE execution_id = '2'");
  const Instant now = Now();
  const auto entries = ClaimAt(now);
  ASSERT_EQ(entries.size(), 4U);
  for (const OutboxEntry& entry : entries) {
    const bool is_whole = entry.message.properties == retried[2].retry->message.properties ||
                          entry.message.properties == retried[3].retry->message.properties;
    EXPECT_EQ(entry.withheld.empty(), is_whole) << entry.withheld;
    Mark(entry.id, is_whole ? OutboxMark::kPublished : OutboxMark::kAgain,
         now + std::chrono::hours(1), entry.withheld);
  }
  EXPECT_THAT(ClaimAt(now + std::chrono::minutes(30)), testing::IsEmpty());
  EXPECT_THAT(ClaimAt(now + std::chrono::hours(2)), testing::SizeIs(2)) << "kept, and put off";
  EXPECT_EQ(StateOf(retried[0]), LetterState::kWaiting);
}

// The clock is set back by an hour: what was written before is due in an hour.
TEST_P(OutboxConformance, P6_WhatAClockThatWasSetBackLeftBehindIsBroughtForward) {
  constexpr std::chrono::minutes kLongest(15);
  MakeEvents(1, 3);
  const Instant before = Now();
  const auto tried = ClaimAt(before, 2);
  ASSERT_EQ(tried.size(), 2U);
  Mark(tried[1].id, OutboxMark::kAgain, before - std::chrono::minutes(50));
  const Instant set_back = before - std::chrono::hours(1);
  EXPECT_THAT(ClaimAt(set_back), testing::IsEmpty());
  Good(outbox_->BringForward(set_back, kLongest));
  const auto claimed = ClaimAt(set_back);
  ASSERT_EQ(claimed.size(), 2U) << "all but the one whose wait is one of ours";
  for (const OutboxEntry& entry : claimed) EXPECT_NE(entry.id, tried[1].id);
}

TEST_P(OutboxConformance, NothingElseIsBroughtForward) {
  constexpr std::chrono::minutes kLongest(15);
  Put(Number(1));
  const Instant now = Now();
  const Judgement retried =
      Retries(LetterBuilder(Number(1)).Build(), NewReplayId(), now + std::chrono::hours(5));
  EXPECT_EQ(OutcomeOf(retried), Outcome::kRetried);
  MakeEvents(2, 1);
  EXPECT_EQ(ClaimAt(Now()).size(), 1U);
  Good(outbox_->BringForward(now, kLongest));
  EXPECT_THAT(ClaimAt(Now()), testing::IsEmpty()) << "a retry before its time, or a lease";
}

TEST_P(OutboxConformance, P9_AClaimStaysWithinItsLimits) {
  MakeEvents(1, 10);
  const Instant now = Now();
  EXPECT_EQ(ClaimAt(now, 3).size(), 3U);
  const auto one = ClaimAt(now, kMany, 1);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(ClaimAt(now, kMany, one[0].message.body.size() * 2).size(), 2U);
  EXPECT_EQ(ClaimAt(now).size(), 4U);
}

TEST_P(OutboxConformance, SeveralRelaysShareTheEntries) {
  MakeEvents(1, 200);
  const Instant now = Now();
  std::vector<std::vector<std::int64_t>> taken(3);
  std::vector<std::thread> threads;
  for (auto& mine : taken) {
    threads.emplace_back([&] {
      auto outbox = ledger_->OpenOutbox();
      int empty = 0;
      while (empty < 3) {
        const auto entries = outbox->Claim(now, 7, kMuch, kLease);
        if (!entries && entries.error().fault == LedgerFault::kBusy) continue;
        empty += Good(entries).empty() ? 1 : 0;
        for (const OutboxEntry& entry : *entries) mine.push_back(entry.id);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::int64_t> distinct;
  std::size_t all = 0;
  for (const auto& mine : taken) {
    distinct.insert(mine.begin(), mine.end());
    all += mine.size();
  }
  EXPECT_EQ(distinct.size(), 200U);
  EXPECT_EQ(all, 200U);
}

}  // namespace deadletter::test
