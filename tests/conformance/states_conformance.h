// The state machine of letters: docs/state-machine.md draws it, and a recorder inside the ledger
// sees just those arrows and every one of them. (What replays do: replay_states_conformance.h.)
#pragma once

#include <set>

#include "tests/conformance/ledger_conformance.h"
#include "tests/folders.h"
#include "tests/support/documented_states.h"

namespace deadletter::test {

class StatesConformance : public LedgerConformance {
 protected:
  // Judgements that leave a new letter in each state with each outcome that there is.
  std::vector<Judgement> OneOfEach() {
    std::vector<Judgement> all = {
        Fails(LetterBuilder(With("scheduled"))), Fails(LetterBuilder(With("completed"))),
        Fails(LetterBuilder(With("requested"))), Fails(LetterBuilder(Number(++executions_))),
        Retries(LetterBuilder(With("scheduled")).Build(), NewReplayId(), Now())};
    const ExecutionId later = With("scheduled");
    all.push_back(Fails(LetterBuilder(later).Attempt(UpdatedOf(later) - std::chrono::hours(1))));
    for (const Outcome outcome : {Outcome::kDeferred, Outcome::kMalformed, Outcome::kUnexpectedType,
                                  Outcome::kRefused, Outcome::kParked, Outcome::kDiscarded}) {
      all.push_back(Ends(LetterBuilder(With("scheduled")).Build(), outcome));
    }
    return all;
  }

  ExecutionId With(const std::string& status) {
    Put(Number(++executions_), status);
    return Number(executions_);
  }

  // Settles `judgement` as the second look at `letter`, whether or not that is due.
  bool SettleAgain(const Judgement& letter, const Judgement& judgement) {
    Judgement again = judgement;
    again.letter.id = letter.letter.id;
    return Good(settlement_->SettleAgain(std::span(&again, 1), LockedRows::kWait)).at(0).recorded;
  }

  // Tries to discard a new letter of each outcome: those that the page says close, and no others.
  void DiscardOneOfEach(const DocumentedStates& documented) {
    const auto discards = ledger_->OpenDiscards();
    for (const Judgement& judgement : OneOfEach()) {
      EXPECT_TRUE(SettleOne(judgement).recorded);
      const LetterSummary letter = Show(judgement).summary;
      AuditEntry entry;
      entry.id = TimeOrderedUuid(Now());
      const DiscardCounts counts = Good(
          discards->Discard({.ids = {letter.id}, .filter = {}}, kMany, "by anna", Now(), entry));
      const bool closes =
          letter.state == LetterState::kOpen && documented.outcomes.at(letter.outcome).is_discarded;
      EXPECT_EQ(counts.discarded, closes ? 1 : 0) << OutcomeName(letter.outcome);
    }
  }

  std::int64_t executions_ = 0;
};

TEST_P(StatesConformance, TheCodeAllowsJustTheArrowsThatAreDrawn) {
  const DocumentedStates documented =
      ReadDocumentedStates(std::string(DEADLETTER_SOURCE_DIR) + "/docs/state-machine.md");
  ASSERT_THAT(documented.outcomes, testing::SizeIs(11)) << "a row for each outcome";
  ledger_->RecordArrows();

  std::vector<Judgement> first = OneOfEach();
  for (const Judgement& judgement : first) EXPECT_TRUE(SettleOne(judgement).recorded);
  for (const Outcome outcome : {Outcome::kDeferred, Outcome::kRefused}) {
    for (const Judgement& judgement : OneOfEach()) {
      const Judgement letter = Ends(LetterBuilder(Number(0)).Build(), outcome);
      EXPECT_TRUE(SettleOne(letter).recorded);
      EXPECT_TRUE(SettleAgain(letter, judgement));
    }
  }
  for (const Judgement& letter : first) {
    const Outcome outcome = Show(letter).summary.outcome;
    if (documented.outcomes.at(outcome).is_settled_again) continue;
    EXPECT_FALSE(SettleAgain(letter, Fails(LetterBuilder(With("scheduled")))))
        << OutcomeName(outcome);
  }
  for (std::int64_t number = 1; number <= executions_; ++number) {
    if (StatusOf(Number(number)) != "(no row)") ledger_->SetStatus(Number(number), "completed");
  }
  EXPECT_GT(Good(settlement_->CloseFinished(1000)), 0U);
  EXPECT_THAT(Claim(), testing::Each(testing::Field(&OutboxEntry::kind, OutboxKind::kEvent)));

  DiscardOneOfEach(documented);
  const std::set<Arrow> seen = ledger_->Arrows();
  EXPECT_THAT(seen, testing::ContainerEq(documented.Arrows()));
  EXPECT_EQ(documented.drawn, WithoutOutcomes(documented.Arrows()))
      << "the drawing and the table differ";
}

}  // namespace deadletter::test
