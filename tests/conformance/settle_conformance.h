// What every Settlement does with a letter: the rows of the decision table (docs/concepts.md) and
// its promises. Included once a test program.
#pragma once

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

// Several at once.

TEST_P(SettleConformance, P2_CompletionsThatRaceTheirLettersAreNeverOverwritten) {
  constexpr int kExecutions = 400;
  for (int number = 1; number <= kExecutions; ++number) Put(Number(number));
  std::vector<bool> finished(kExecutions + 1);
  std::thread worker([&] {
    auto executions = ledger_->OpenExecutions();
    for (int number = 1; number <= kExecutions; ++number) {
      for (auto done = executions->FinishIfFailable(Number(number), {}, "completed", "{}");;
           done = executions->FinishIfFailable(Number(number), {}, "completed", "{}")) {
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
