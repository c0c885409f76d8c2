// What every Settlement makes of any table of a platform, and of whatever stands in a letter.
#pragma once

#include <limits>
#include <random>
#include <string>

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

using std::chrono::hours;
using std::chrono::seconds;

class SettleTableConformance : public LedgerConformance {};

TEST_P(SettleTableConformance, EveryShapeOfTableFailsItsExecutions) {
  for (const auto shape : {PlatformShape::kAttune, PlatformShape::kTextIds, PlatformShape::kUuidIds,
                           PlatformShape::kPlainJobs}) {
    SCOPED_TRACE(TableOf(shape).table);
    Use({.shape = shape});
    const ExecutionTable table = TableOf(shape);
    const ExecutionId id = IdFor(shape, 1);
    Put(id, table.failable.front());
    Put(IdFor(shape, 2), table.final_statuses.front());
    const Judgement failed = Fails(LetterBuilder(id), table.failed);
    const Judgement late = Fails(LetterBuilder(IdFor(shape, 2)), table.failed);
    const Judgement lost = Fails(LetterBuilder(IdFor(shape, 3)), table.failed);
    const auto settled = Settle({failed, late, lost});
    EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
    EXPECT_EQ(settled.at(1).outcome, Outcome::kNotFailable);
    EXPECT_EQ(settled.at(2).outcome, Outcome::kNotFound);
    EXPECT_EQ(StatusOf(id), table.failed);
    EXPECT_EQ(StateOf(late), LetterState::kClosed);
    EXPECT_EQ(Show(failed).summary.execution_id, id.ToString());
    EXPECT_EQ(Claim().size(), 1U);
  }
}

TEST_P(SettleTableConformance, OnlyTheConfiguredColumnsAreWritten) {
  Use({.shape = PlatformShape::kPlainJobs});
  Put(Number(1), "working");
  const Judgement judgement = Fails(LetterBuilder(Number(1)), "broken");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
  const auto row = ledger_->Read(Number(1));
  EXPECT_EQ(row->error, judgement.failure.message);
  EXPECT_TRUE(row->finished);
  EXPECT_EQ(row->result_json, std::nullopt);
}

TEST_P(SettleTableConformance, WithoutAnUpdatedColumnNoAttemptIsChecked) {
  Use({.shape = PlatformShape::kPlainJobs});
  Put(Number(1), "working");
  const auto letter = LetterBuilder(Number(1)).Attempt(Now() - hours(5));
  EXPECT_EQ(OutcomeOf(Fails(letter, "broken")), Outcome::kFailed);
}

TEST_P(SettleTableConformance, IntegerIdsMayBeAnyOf64Bits) {
  const auto smallest = std::numeric_limits<std::int64_t>::min();
  const auto largest = std::numeric_limits<std::int64_t>::max();
  Put(Number(largest));
  Put(Number(std::int64_t{1} << 53));
  const auto settled =
      Settle({Fails(LetterBuilder(Number(smallest))), Fails(LetterBuilder(Number(largest))),
              Fails(LetterBuilder(Number((std::int64_t{1} << 53) + 1))),
              Fails(LetterBuilder(Number(-1)))});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kNotFound);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kFailed);
  EXPECT_EQ(settled.at(2).outcome, Outcome::kNotFound);
  EXPECT_EQ(settled.at(3).outcome, Outcome::kNotFound);
}

TEST_P(SettleTableConformance, AnIdThatTheColumnCannotHoldIsNotFound) {
  Use({.shape = PlatformShape::kPlainJobs});
  Put(Number(5), "waiting");
  const auto settled = Settle({Fails(LetterBuilder(Number((std::int64_t{1} << 32) + 5)), "broken"),
                               Fails(LetterBuilder(Number(5)), "broken")});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kNotFound);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kFailed);
}

TEST_P(SettleTableConformance, TextIdsMayBeAnyText) {
  Use({.shape = PlatformShape::kTextIds});
  const std::vector<std::string> ids = {
      "",      " ",    "a'b\"c\\d", "'; DROP TABLE letter; --", "žluťoučký 🐎",
      "{1,2}", "NULL", "5",         std::string(2000, 'x')};
  std::vector<Judgement> batch;
  for (const auto& id : ids) {
    Put(Text(id));
    batch.push_back(Fails(LetterBuilder(Text(id))));
  }
  batch.push_back(Fails(LetterBuilder(Text(std::string("5\0", 2)))));
  const auto settled = Settle(batch);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(settled[i].outcome, Outcome::kFailed) << ids[i];
    EXPECT_EQ(Show(batch[i]).summary.execution_id, ids[i]);
  }
  EXPECT_EQ(settled.back().outcome, Outcome::kNotFound);
  EXPECT_EQ(Show(batch.back()).summary.execution_id, std::string("5\0", 2));
}

// As long as a message may be, and not to be compressed: more than an index's page holds.
inline std::string LongText(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> printable('!', '~');
  std::string text(10'000, ' ');
  for (char& letter : text) letter = static_cast<char>(printable(random));
  return text;
}

TEST_P(SettleTableConformance, P5_AnIdMayBeAsLongAsItLikes) {
  Use({.shape = PlatformShape::kTextIds});
  Put(Text("good"));
  const Judgement nobody = Fails(LetterBuilder(Text(LongText(1))));
  const Judgement other_type =
      Ends(LetterBuilder(Text(LongText(2))).Type("Other").Build(), Outcome::kUnexpectedType);
  const Judgement refused =
      Ends(LetterBuilder(Text(LongText(3))).Build(), Outcome::kRefused, "54000");
  const Judgement retried = Retries(LetterBuilder(Text(LongText(4))).Build(), NewReplayId(), Now());
  const Judgement good = Fails(LetterBuilder(Text("good")));
  const auto settled = Settle({nobody, other_type, refused, retried, good});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kNotFound);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kUnexpectedType);
  EXPECT_EQ(settled.at(2).outcome, Outcome::kRefused);
  EXPECT_EQ(settled.at(3).outcome, Outcome::kNotFound);
  EXPECT_EQ(settled.at(4).outcome, Outcome::kFailed);
  EXPECT_EQ(Claim().size(), 1U);

  LetterFilter filter;
  filter.execution_id = LongText(2);
  const auto found = Good(catalog_->List(filter, 10, {})).letters;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].id, other_type.letter.id);
}

TEST_P(SettleTableConformance, P5_NothingOfALetterIsTooLong) {
  Put(Number(1));
  Letter letter = LetterBuilder(Number(1))
                      .Type(LongText(1))
                      .Action(LongText(2))
                      .MessageId(LongText(3))
                      .WorkerId(LongText(4))
                      .Queue(LongText(5))
                      .RoutingKey(LongText(6))
                      .Build();
  letter.exchange = LongText(7);
  letter.correlation_id = LongText(8);
  letter.delivery.dead_letter_queue = LongText(9);
  EXPECT_EQ(OutcomeOf(Fails(letter)), Outcome::kFailed);
}

TEST_P(SettleTableConformance, WhatTheBrokerGaveIsKeptByteForByte) {
  Put(Number(1));
  const std::string odd("a\0b\xFF\xC3(\n", 7);
  Letter letter = LetterBuilder(Number(1))
                      .Body(odd)
                      .Header(odd, FieldValue{odd})
                      .Header("nothing", FieldValue{})
                      .Type(odd)
                      .Action(odd)
                      .MessageId(odd)
                      .WorkerId(odd)
                      .Queue(odd)
                      .RoutingKey(odd)
                      .Build();
  letter.exchange = odd;
  letter.correlation_id = odd;
  letter.delivery.dead_letter_queue = odd;
  letter.delivery.exchange = odd;
  letter.delivery.routing_key = odd;
  letter.delivery.message.properties.message_id = odd;
  letter.delivery.message.properties.timestamp = std::numeric_limits<std::uint64_t>::max();
  const Judgement judgement = Fails(letter);
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
  const LetterRecord record = Show(judgement);
  EXPECT_EQ(record.message, letter.delivery.message);
  const LetterSummary& summary = record.summary;
  for (const auto& text :
       {summary.type, summary.action, summary.message_id, summary.correlation_id, summary.worker_id,
        std::optional(summary.queue), std::optional(summary.exchange),
        std::optional(summary.routing_key), std::optional(summary.dead_letter_queue)}) {
    EXPECT_EQ(text, odd);
  }
  EXPECT_EQ(summary.size_bytes, 7);
}

TEST_P(SettleTableConformance, ALargeBodyIsKeptWhole) {
  Put(Number(1));
  std::string body(20U << 20, 'x');
  for (std::size_t i = 0; i < body.size(); i += 7) body[i] = static_cast<char>(i / 7);
  const Judgement judgement = Fails(LetterBuilder(Number(1)).Body(body));
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
  EXPECT_TRUE(Show(judgement).message.body == body);
}

TEST_P(SettleTableConformance, TimesBeyondAnyCalendarAreNoReasonToRefuse) {
  Put(Number(1));
  Put(Number(2));
  Letter late = LetterBuilder(Number(1)).Build();
  late.died_at = Instant::max();
  Letter early = LetterBuilder(Number(2)).Build();
  early.died_at = Instant::min();
  const auto settled = Settle({Fails(late), Fails(early)});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kFailed);
}

TEST_P(SettleTableConformance, AnAttemptBeyondAnyCalendarIsStale) {
  Put(Number(1));
  Letter letter = LetterBuilder(Number(1)).Build();
  letter.attempt = AttemptWindow{.from = Instant::min(), .until = Instant::min() + Microseconds(1)};
  EXPECT_EQ(OutcomeOf(Fails(letter)), Outcome::kStaleAttempt);
}

TEST_P(SettleTableConformance, ATriggerThatRaisesIsTheLettersFaultAndNothingHappens) {
  Put(Number(1));
  Put(Number(2), "completed");
  ledger_->AddTrigger(PlatformTrigger::kRaises);
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1))),
                                        Fails(LetterBuilder(Number(2)))};
  const auto refused = settlement_->Settle(batch, LockedRows::kWait);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, LedgerFault::kLetter);
  EXPECT_EQ(LettersInLedger(), 0U);
  EXPECT_THAT(Claim(), testing::IsEmpty());
  Good(settlement_->Probe());

  ledger_->RemoveTrigger();
  const auto settled = Settle(batch);
  EXPECT_TRUE(settled.at(0).recorded);
  EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
}

TEST_P(SettleTableConformance, ATriggerThatSuppressesTheUpdateMakesTheLetterRefused) {
  Put(Number(1));
  ledger_->AddTrigger(PlatformTrigger::kSuppresses);
  const Judgement first = Fails(LetterBuilder(Number(1)));
  const Judgement second = Fails(LetterBuilder(Number(1)));
  const auto settled = Settle({first, second});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kRefused);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kRefused);
  EXPECT_EQ(Show(first).summary.detail, "update_suppressed");
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_THAT(Claim(), testing::IsEmpty());
}

TEST_P(SettleTableConformance, AMissingTableIsNoLettersFault) {
  Put(Number(1));
  ledger_->DropPlatformTable();
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1)))};
  const auto refused = settlement_->Settle(batch, LockedRows::kWait);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, LedgerFault::kStatement);
  EXPECT_FALSE(refused.error().message.empty());
  const auto probed = settlement_->Probe();
  ASSERT_FALSE(probed.has_value());
  EXPECT_EQ(probed.error().fault, LedgerFault::kStatement);
  EXPECT_EQ(LettersInLedger(), 0U);
}

TEST_P(SettleTableConformance, ObservingNeverLooksAtThePlatform) {
  Use({.mode = ExecutionsMode::kObserve});
  ledger_->DropPlatformTable();
  const Judgement plain = Fails(LetterBuilder(Number(1)).Key(1));
  const Judgement twin = Fails(LetterBuilder(Number(1)).Key(1));
  const Judgement malformed = Ends(LetterBuilder().Malformed(Malformation::kNotJson).Build(),
                                   Outcome::kMalformed, "not_json");
  Good(settlement_->Probe());
  const auto settled = Settle({plain, malformed, twin});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kParked);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kMalformed);
  EXPECT_FALSE(settled.at(2).recorded);
  EXPECT_EQ(Show(plain).summary.detail, "observed");
  EXPECT_EQ(StateOf(plain), LetterState::kOpen);
  EXPECT_EQ(Show(malformed).summary.detail, "not_json");
  EXPECT_THAT(Claim(), testing::IsEmpty());
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 0U);
  EXPECT_FALSE(SettleOne(plain, LockedRows::kDefer).recorded);
}

TEST_P(SettleTableConformance, ProbingLeavesNothingBehind) {
  Put(Number(1));
  Good(settlement_->Probe());
  Good(settlement_->Probe());
  EXPECT_EQ(LettersInLedger(), 0U);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
}

TEST_P(SettleTableConformance, AfterAnAbortEveryCallFails) {
  settlement_->Abort();
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1)))};
  const auto settled = settlement_->Settle(batch, LockedRows::kWait);
  ASSERT_FALSE(settled.has_value());
  EXPECT_EQ(settled.error().fault, LedgerFault::kUnavailable);
  EXPECT_EQ(settlement_->Probe().error().fault, LedgerFault::kUnavailable);
}

}  // namespace deadletter::test
