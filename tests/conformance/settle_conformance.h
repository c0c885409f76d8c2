// What every Settlement does with a letter: the rows of the decision table (docs/concepts.md) and
// its promises. Included once a test program.
#pragma once

#include <limits>
#include <random>
#include <string>
#include <thread>

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

using std::chrono::hours;
using std::chrono::seconds;

class SettleConformance : public LedgerConformance {};

TEST_P(SettleConformance, AFailableExecutionFailsWithTheLettersResult) {
  std::int64_t number = 0;
  for (const auto* status : {"scheduled", "running"}) {
    const ExecutionId id = Number(++number);
    Put(id, status);
    const Judgement judgement = Fails(LetterBuilder(id));
    EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed) << status;
    const auto row = ledger_->Read(id);
    EXPECT_EQ(row->status, "failed");
    EXPECT_THAT(row->result_json.value(),
                testing::HasSubstr(FormatUuid(judgement.letter.id.value())));
    EXPECT_EQ(StateOf(judgement), LetterState::kOpen);
  }
}

TEST_P(SettleConformance, AFailedExecutionsRowIsStamped) {
  Put(Number(1));
  const Instant before = UpdatedOf(Number(1));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
  EXPECT_GT(UpdatedOf(Number(1)), before);
}

TEST_P(SettleConformance, OtherExecutionsAreLeftAlone) {
  for (int number = 1; number <= 3; ++number) Put(Number(number));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(2)))), Outcome::kFailed);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(StatusOf(Number(3)), "scheduled");
}

TEST_P(SettleConformance, ALetterOfTheRowsAttemptFailsIt) {
  Put(Number(1));
  const Instant updated = UpdatedOf(Number(1));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Attempt(updated))), Outcome::kFailed);
}

TEST_P(SettleConformance, TheAttemptIsComparedToThePrecisionItWasWrittenWith) {
  Put(Number(1));
  const Instant whole_second = std::chrono::floor<seconds>(UpdatedOf(Number(1)));
  const auto letter = LetterBuilder(Number(1)).Attempt(whole_second, seconds(1));
  EXPECT_EQ(OutcomeOf(Fails(letter)), Outcome::kFailed);
}

TEST_P(SettleConformance, P2_ALetterOfAnotherAttemptIsStaleAndLeavesTheRowAlone) {
  Put(Number(1));
  const Instant updated = UpdatedOf(Number(1));
  for (const auto attempt :
       {updated - Microseconds(1), updated + Microseconds(1), updated - hours(1)}) {
    const Judgement judgement = Fails(LetterBuilder(Number(1)).Attempt(attempt));
    EXPECT_EQ(OutcomeOf(judgement), Outcome::kStaleAttempt);
    EXPECT_EQ(StateOf(judgement), LetterState::kOpen);
  }
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(UpdatedOf(Number(1)), updated);
}

TEST_P(SettleConformance, P2_AnExecutionInAnyOtherStatusIsNotTouched) {
  std::int64_t number = 0;
  for (const auto* status : {"requested", "scheduling", "canceling", "completed", "cancelled",
                             "timeout", "abandoned", "failed"}) {
    const ExecutionId id = Number(++number);
    Put(id, status);
    const Instant updated = UpdatedOf(id);
    const Judgement judgement = Fails(LetterBuilder(id));
    EXPECT_EQ(OutcomeOf(judgement), Outcome::kNotFailable) << status;
    EXPECT_EQ(StatusOf(id), status);
    EXPECT_EQ(UpdatedOf(id), updated) << status;
    EXPECT_EQ(ledger_->Read(id)->result_json, std::nullopt) << status;
    EXPECT_EQ(StateOf(judgement), number > 3 ? LetterState::kClosed : LetterState::kOpen) << status;
  }
  EXPECT_THAT(Claim(), testing::IsEmpty());
}

TEST_P(SettleConformance, AnExecutionThatIsNotThereIsNotFound) {
  const Judgement judgement = Fails(LetterBuilder(Number(404)));
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kNotFound);
  EXPECT_EQ(StateOf(judgement), LetterState::kOpen);
}

TEST_P(SettleConformance, AFixedOutcomeIsRecordedAndTheRowIsLeftAlone) {
  Put(Number(1));
  const std::pair<Outcome, LetterState> expected[] = {
      {Outcome::kUnexpectedType, LetterState::kOpen}, {Outcome::kRefused, LetterState::kOpen},
      {Outcome::kParked, LetterState::kOpen},         {Outcome::kDiscarded, LetterState::kClosed},
      {Outcome::kDeferred, LetterState::kWaiting},
  };
  for (const auto& [outcome, state] : expected) {
    const Judgement judgement = Ends(LetterBuilder(Number(1)).Build(), outcome, "because");
    EXPECT_EQ(OutcomeOf(judgement), outcome);
    const LetterSummary summary = Show(judgement).summary;
    EXPECT_EQ(summary.outcome, outcome);
    EXPECT_EQ(summary.detail, "because");
    EXPECT_EQ(summary.state, state);
  }
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_THAT(Claim(), testing::IsEmpty());
}

TEST_P(SettleConformance, P4_AMalformedLetterIsKeptWhole) {
  const std::string body("\0\xFF{not json", 11);
  const auto letter =
      LetterBuilder().Malformed(Malformation::kNotJson).Body(body).MessageId(std::nullopt).NoKey();
  const Judgement judgement = Ends(letter.Build(), Outcome::kMalformed, "not_json");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kMalformed);
  const LetterRecord record = Show(judgement);
  EXPECT_EQ(record.message.body, body);
  EXPECT_EQ(record.summary.detail, "not_json");
  EXPECT_EQ(record.summary.execution_id, std::nullopt);
}

TEST_P(SettleConformance, P3_ALetterWhoseKeyIsKnownChangesNothing) {
  Put(Number(1));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Key(77))), Outcome::kFailed);
  ledger_->SetStatus(Number(1), "scheduled");
  const SettledLetter again = SettleOne(Fails(LetterBuilder(Number(1)).Key(77)));
  EXPECT_FALSE(again.recorded);
  EXPECT_EQ(again.outcome, Outcome::kFailed);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(LettersInLedger(), 1U);
  EXPECT_EQ(Claim().size(), 1U);
}

TEST_P(SettleConformance, P3_AKeyTwiceInABatchIsRecordedOnce) {
  Put(Number(1));
  const auto settled =
      Settle({Fails(LetterBuilder(Number(1)).Key(5)), Fails(LetterBuilder(Number(1)).Key(5)),
              Fails(LetterBuilder(Number(1)).Key(5))});
  EXPECT_TRUE(settled.at(0).recorded);
  EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
  EXPECT_FALSE(settled.at(1).recorded);
  EXPECT_FALSE(settled.at(2).recorded);
  EXPECT_EQ(LettersInLedger(), 1U);
  EXPECT_EQ(Claim().size(), 1U);
}

TEST_P(SettleConformance, P3_ABatchOfKnownAndNewLettersRecordsTheNewOnes) {
  for (int number = 1; number <= 3; ++number) Put(Number(number));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(2)).Key(2))), Outcome::kFailed);
  const auto settled =
      Settle({Fails(LetterBuilder(Number(1)).Key(1)), Fails(LetterBuilder(Number(2)).Key(2)),
              Fails(LetterBuilder(Number(3)).Key(3))});
  EXPECT_TRUE(settled.at(0).recorded);
  EXPECT_FALSE(settled.at(1).recorded);
  EXPECT_TRUE(settled.at(2).recorded);
  EXPECT_EQ(settled.at(2).outcome, Outcome::kFailed);
  EXPECT_EQ(LettersInLedger(), 3U);
}

TEST_P(SettleConformance, P3_LettersWithoutAKeyAreNeverMerged) {
  Put(Number(1));
  const auto letter = [] { return LetterBuilder(Number(1)).NoKey().Redelivered(); };
  const Judgement first = Fails(letter());
  const Judgement second = Fails(letter());
  const auto settled = Settle({first, second});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kNotFailable);
  EXPECT_TRUE(Show(first).summary.possible_duplicate);
  EXPECT_TRUE(Show(second).summary.possible_duplicate);
  const Judgement third = Fails(letter());
  EXPECT_EQ(OutcomeOf(third), Outcome::kNotFailable);
  EXPECT_EQ(LettersInLedger(), 3U);
}

TEST_P(SettleConformance, P3_TheSameLetterAgainAfterADoubtIsNotRecordedTwice) {
  Put(Number(1));
  const Judgement with_key = Fails(LetterBuilder(Number(1)));
  const Judgement without_key =
      Ends(LetterBuilder(Number(1)).NoKey().Build(), Outcome::kParked, "");
  EXPECT_EQ(Settle({with_key, without_key}).size(), 2U);
  const auto again = Settle({with_key, without_key});
  EXPECT_FALSE(again.at(0).recorded);
  EXPECT_EQ(again.at(0).outcome, Outcome::kFailed);
  EXPECT_FALSE(again.at(1).recorded);
  EXPECT_EQ(again.at(1).outcome, Outcome::kParked);
  EXPECT_EQ(LettersInLedger(), 2U);
  EXPECT_EQ(Claim().size(), 1U);
}

TEST_P(SettleConformance, P2_OfTwoLettersOfOneExecutionTheFirstFailsIt) {
  Put(Number(1));
  const Judgement first = Fails(LetterBuilder(Number(1)));
  const Judgement second = Fails(LetterBuilder(Number(1)));
  const auto settled = Settle({first, second});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kNotFailable);
  EXPECT_EQ(StateOf(first), LetterState::kOpen);
  EXPECT_EQ(StateOf(second), LetterState::kClosed);
  EXPECT_THAT(ledger_->Read(Number(1))->result_json.value(),
              testing::HasSubstr(FormatUuid(first.letter.id.value())));
  EXPECT_EQ(Claim().size(), 1U);
}

TEST_P(SettleConformance, TheFirstLetterThatQualifiesFailsTheExecution) {
  Put(Number(1));
  const Instant updated = UpdatedOf(Number(1));
  const Judgement stale_before = Fails(LetterBuilder(Number(1)).Attempt(updated - hours(1)));
  const Judgement good = Fails(LetterBuilder(Number(1)).Attempt(updated));
  const Judgement stale_after = Fails(LetterBuilder(Number(1)).Attempt(updated - hours(1)));
  const auto settled = Settle({stale_before, good, stale_after});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kStaleAttempt);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kFailed);
  EXPECT_EQ(settled.at(2).outcome, Outcome::kNotFailable);
  EXPECT_EQ(Claim().size(), 1U);
}

TEST_P(SettleConformance, ABatchIsAnsweredInItsOrder) {
  std::vector<Judgement> batch;
  for (int number = 1; number <= 300; ++number) {
    if (number % 3 == 0) Put(Number(number));
    if (number % 3 == 1) Put(Number(number), "completed");
    batch.push_back(Fails(LetterBuilder(Number(number))));
  }
  std::swap(batch.front(), batch.back());
  const auto settled = Settle(batch);
  ASSERT_EQ(settled.size(), batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto left = batch[i].letter.execution_id->number() % 3;
    const Outcome expected =
        left == 0 ? Outcome::kFailed : (left == 1 ? Outcome::kNotFailable : Outcome::kNotFound);
    EXPECT_EQ(settled[i].outcome, expected) << i;
  }
  EXPECT_EQ(Claim().size(), 100U);
}

TEST_P(SettleConformance, AnEmptyBatchIsNothingToDo) {
  EXPECT_THAT(Settle({}), testing::IsEmpty());
}

TEST_P(SettleConformance, P6_TheEventTellsTheRowsAction) {
  ledger_->Put({.id = Number(1), .status = "running", .action = 42, .action_ref = "core.\"tëst\""});
  ledger_->Put(
      {.id = Number(2), .status = "running", .action = std::nullopt, .action_ref = "core.echo"});
  const Judgement first = Fails(LetterBuilder(Number(1)));
  const Judgement second = Fails(LetterBuilder(Number(2)));
  EXPECT_EQ(Settle({first, second}).size(), 2U);
  const auto events = Claim();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].kind, OutboxKind::kEvent);
  EXPECT_EQ(events[0].address, first.event.address);
  EXPECT_EQ(events[0].message.properties.message_id, FormatUuid(first.event.message_id));
  EXPECT_EQ(
      events[0].message.body,
      first.event.before_action + ActionMembers("42", "core.\"tëst\"") + first.event.after_action);
  EXPECT_EQ(events[1].message.body, second.event.before_action +
                                        ActionMembers(std::nullopt, "core.echo") +
                                        second.event.after_action);
}

TEST_P(SettleConformance, NoEventIsWrittenWhereNoneIsWanted) {
  Put(Number(1));
  Judgement judgement = Fails(LetterBuilder(Number(1)));
  judgement.publish_event = false;
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
  EXPECT_THAT(Claim(), testing::IsEmpty());
}

TEST_P(SettleConformance, EveryShapeOfTableFailsItsExecutions) {
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

TEST_P(SettleConformance, OnlyTheConfiguredColumnsAreWritten) {
  Use({.shape = PlatformShape::kPlainJobs});
  Put(Number(1), "working");
  const Judgement judgement = Fails(LetterBuilder(Number(1)), "broken");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
  const auto row = ledger_->Read(Number(1));
  EXPECT_EQ(row->error, judgement.failure.message);
  EXPECT_TRUE(row->finished);
  EXPECT_EQ(row->result_json, std::nullopt);
}

TEST_P(SettleConformance, WithoutAnUpdatedColumnNoAttemptIsChecked) {
  Use({.shape = PlatformShape::kPlainJobs});
  Put(Number(1), "working");
  const auto letter = LetterBuilder(Number(1)).Attempt(Now() - hours(5));
  EXPECT_EQ(OutcomeOf(Fails(letter, "broken")), Outcome::kFailed);
}

TEST_P(SettleConformance, IntegerIdsMayBeAnyOf64Bits) {
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

TEST_P(SettleConformance, AnIdThatTheColumnCannotHoldIsNotFound) {
  Use({.shape = PlatformShape::kPlainJobs});
  Put(Number(5), "waiting");
  const auto settled = Settle({Fails(LetterBuilder(Number((std::int64_t{1} << 32) + 5)), "broken"),
                               Fails(LetterBuilder(Number(5)), "broken")});
  EXPECT_EQ(settled.at(0).outcome, Outcome::kNotFound);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kFailed);
}

TEST_P(SettleConformance, TextIdsMayBeAnyText) {
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

TEST_P(SettleConformance, P5_AnIdMayBeAsLongAsItLikes) {
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

TEST_P(SettleConformance, P5_NothingOfALetterIsTooLong) {
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

TEST_P(SettleConformance, WhatTheBrokerGaveIsKeptByteForByte) {
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

TEST_P(SettleConformance, ALargeBodyIsKeptWhole) {
  Put(Number(1));
  std::string body(20U << 20, 'x');
  for (std::size_t i = 0; i < body.size(); i += 7) body[i] = static_cast<char>(i / 7);
  const Judgement judgement = Fails(LetterBuilder(Number(1)).Body(body));
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
  EXPECT_TRUE(Show(judgement).message.body == body);
}

TEST_P(SettleConformance, TimesBeyondAnyCalendarAreNoReasonToRefuse) {
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

TEST_P(SettleConformance, AnAttemptBeyondAnyCalendarIsStale) {
  Put(Number(1));
  Letter letter = LetterBuilder(Number(1)).Build();
  letter.attempt = AttemptWindow{.from = Instant::min(), .until = Instant::min() + Microseconds(1)};
  EXPECT_EQ(OutcomeOf(Fails(letter)), Outcome::kStaleAttempt);
}

TEST_P(SettleConformance, ATriggerThatRaisesIsTheLettersFaultAndNothingHappens) {
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

TEST_P(SettleConformance, ATriggerThatSuppressesTheUpdateMakesTheLetterRefused) {
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

TEST_P(SettleConformance, AMissingTableIsNoLettersFault) {
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

TEST_P(SettleConformance, ObservingNeverLooksAtThePlatform) {
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

TEST_P(SettleConformance, ProbingLeavesNothingBehind) {
  Put(Number(1));
  Good(settlement_->Probe());
  Good(settlement_->Probe());
  EXPECT_EQ(LettersInLedger(), 0U);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
}

TEST_P(SettleConformance, AfterAnAbortEveryCallFails) {
  settlement_->Abort();
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1)))};
  const auto settled = settlement_->Settle(batch, LockedRows::kWait);
  ASSERT_FALSE(settled.has_value());
  EXPECT_EQ(settled.error().fault, LedgerFault::kUnavailable);
  EXPECT_EQ(settlement_->Probe().error().fault, LedgerFault::kUnavailable);
}

// A refused letter is looked at again until something else becomes of it.

TEST_P(SettleConformance, ARefusedLetterIsDueAgainAndSettledFromTheLedger) {
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

TEST_P(SettleConformance, WhatIsTakenIsNobodyElsesUntilTheLeaseIsOver) {
  const Judgement judgement = Ends(LetterBuilder(Number(1)).Build(), Outcome::kRefused, "");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kRefused);
  const Instant later = judgement.try_again_at + seconds(1);
  auto other = ledger_->OpenSettlement();
  EXPECT_EQ(Good(settlement_->TakeDue(later, 10, kMuch, kLease)).size(), 1U);
  EXPECT_EQ(Good(other->TakeDue(later, 10, kMuch, kLease)).size(), 0U);
  EXPECT_EQ(Good(other->TakeDue(later + kLease + seconds(1), 10, kMuch, kLease)).size(), 1U);
}

TEST_P(SettleConformance, DueLettersAreTakenWithinTheLimits) {
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

TEST_P(SettleConformance, ALetterRefusedAgainWaitsAgain) {
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

TEST_P(SettleConformance, ALetterThatSomebodyElseSettledIsLeftAlone) {
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

TEST_P(SettleConformance, OpenLettersCloseWhenTheirExecutionIsFinal) {
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

TEST_P(SettleConformance, AFailedLetterClosesOnlyWhenThePlatformWentOn) {
  Put(Number(1));
  const Judgement judgement = Fails(LetterBuilder(Number(1)));
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 0U);
  EXPECT_EQ(StateOf(judgement), LetterState::kOpen);
  ledger_->SetStatus(Number(1), "completed");
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 1U);
  EXPECT_EQ(StateOf(judgement), LetterState::kClosed);
}

TEST_P(SettleConformance, AParkedLetterClosesWhenItsExecutionIsFinal) {
  Put(Number(1));
  const Judgement judgement = Ends(LetterBuilder(Number(1)).Build(), Outcome::kParked, "a rule");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kParked);
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 0U);
  ledger_->SetStatus(Number(1), "failed");
  EXPECT_EQ(Good(settlement_->CloseFinished(100)), 1U);
  EXPECT_EQ(StateOf(judgement), LetterState::kClosed);
}

TEST_P(SettleConformance, ClosingGoesRoundWhateverItsLimit) {
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

// Several at once.

TEST_P(SettleConformance, P2_CompletionsThatRaceTheirLettersAreNeverOverwritten) {
  constexpr int kExecutions = 400;
  for (int number = 1; number <= kExecutions; ++number) Put(Number(number));
  std::vector<bool> finished(kExecutions + 1);
  std::thread worker([&] {
    auto executions = ledger_->OpenExecutions();
    for (int number = 1; number <= kExecutions; ++number) {
      for (auto done = executions->FinishIfFailable(Number(number), "completed", "{}");;
           done = executions->FinishIfFailable(Number(number), "completed", "{}")) {
        if (!done && done.error().fault == LedgerFault::kBusy) continue;
        finished[static_cast<std::size_t>(number)] = Good(std::move(done));
        break;
      }
    }
  });
  std::vector<Judgement> judgements;
  std::vector<Outcome> outcomes;
  for (int number = kExecutions; number > 0;) {
    std::vector<Judgement> batch;
    for (int i = 0; i < 20 && number > 0; ++i, --number)
      batch.push_back(Fails(LetterBuilder(Number(number))));
    auto settled = settlement_->Settle(batch, LockedRows::kWait);
    while (!settled && (settled.error().fault == LedgerFault::kBusy ||
                        settled.error().fault == LedgerFault::kRowLocked)) {
      settled = settlement_->Settle(batch, LockedRows::kWait);
    }
    for (const SettledLetter& one : Good(std::move(settled)))
      outcomes.push_back(one.outcome.value());
    judgements.insert(judgements.end(), batch.begin(), batch.end());
  }
  worker.join();
  std::size_t failed = 0;
  for (std::size_t i = 0; i < judgements.size(); ++i) {
    const ExecutionId& id = *judgements[i].letter.execution_id;
    const bool was_completed = finished[static_cast<std::size_t>(id.number())];
    EXPECT_EQ(outcomes[i], was_completed ? Outcome::kNotFailable : Outcome::kFailed) << id.number();
    EXPECT_EQ(StatusOf(id), was_completed ? "completed" : "failed") << id.number();
    failed += was_completed ? 0 : 1;
  }
  EXPECT_EQ(Claim().size(), failed);
}

TEST_P(SettleConformance, P3_OverlappingBatchesInDifferentOrderEndWellAndOnce) {
  constexpr int kExecutions = 300;
  constexpr int kInstances = 3;
  for (int number = 1; number <= kExecutions; ++number) Put(Number(number));
  std::vector<std::thread> threads;
  std::vector<int> recorded(kInstances);
  for (int instance = 0; instance < kInstances; ++instance) {
    threads.emplace_back([&, instance] {
      auto settlement = ledger_->OpenSettlement();
      for (int first = 0; first < kExecutions; first += 30) {
        std::vector<Judgement> batch;
        for (int i = 0; i < 30; ++i) {
          const int place = instance % 2 == 0 ? i : 29 - i;
          const int number = 1 + (first + place * 7 + instance) % kExecutions;
          batch.push_back(
              Fails(LetterBuilder(Number(number)).Key(static_cast<std::uint64_t>(number))));
        }
        auto settled = settlement->Settle(batch, LockedRows::kWait);
        while (!settled && (settled.error().fault == LedgerFault::kBusy ||
                            settled.error().fault == LedgerFault::kRowLocked)) {
          settled = settlement->Settle(batch, LockedRows::kWait);
        }
        for (const SettledLetter& one : Good(std::move(settled))) {
          recorded[static_cast<std::size_t>(instance)] += one.recorded ? 1 : 0;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::size_t all = 0;
  for (const int count : recorded) all += static_cast<std::size_t>(count);
  EXPECT_EQ(LettersInLedger(), all);
  EXPECT_EQ(Claim().size(), all);
}

}  // namespace deadletter::test
