// What replays do to the states of letters: docs/state-machine.md draws it, and a recorder inside
// the ledger sees just those arrows and every one of them. Included once a test program.
#pragma once

#include "tests/conformance/replay_fixture.h"
#include "tests/folders.h"
#include "tests/support/documented_states.h"

namespace deadletter::test {

// How a claimed letter fares.
enum class Fate {
  kSucceeds,
  kIsFailed,        // by somebody else
  kFailsByAnother,  // letter
  kIsCancelled,
  kIsNotAnswered,
  kIsInDoubt,
  kIsUnroutable,
  kIsWithdrawn,  // certainly not sent, and then not waited for any more
};
inline constexpr Fate kFates[] = {Fate::kSucceeds,     Fate::kIsFailed,      Fate::kFailsByAnother,
                                  Fate::kIsCancelled,  Fate::kIsNotAnswered, Fate::kIsInDoubt,
                                  Fate::kIsUnroutable, Fate::kIsWithdrawn};

class ReplayStatesConformance : public ReplayConformance {
 protected:
  ExecutionId With(const std::string& status) {
    Put(Number(++executions_), status);
    return Number(executions_);
  }

  // Settled letters: of each outcome one, as it comes to be sent again where it ever is.
  std::vector<Judgement> OneOfEach() {
    std::vector<Judgement> all = {
        Fails(LetterBuilder(With("scheduled"))), Fails(LetterBuilder(With("completed"))),
        Fails(LetterBuilder(With("requested"))), Fails(LetterBuilder(Number(++executions_))),
        Retries(LetterBuilder(With("scheduled")).Build(), NewReplayId(), Now())};
    const ExecutionId later = With("scheduled");
    all.push_back(Fails(LetterBuilder(later).Attempt(UpdatedOf(later) - std::chrono::hours(1))));
    for (const Outcome outcome : {Outcome::kMalformed, Outcome::kUnexpectedType}) {
      Letter letter = LetterBuilder().Build();
      letter.execution_id.reset();
      all.push_back(Ends(std::move(letter), outcome));
    }
    for (const Outcome outcome :
         {Outcome::kDeferred, Outcome::kRefused, Outcome::kParked, Outcome::kDiscarded}) {
      all.push_back(Ends(LetterBuilder(With("scheduled")).Build(), outcome));
    }
    for (const Judgement& judgement : all) EXPECT_TRUE(SettleOne(judgement).recorded);
    return all;
  }

  // Its replay, from the claim on.
  void Suffer(ReplayId replay, const Judgement& letter, Fate fate) {
    const std::optional<ExecutionId>& execution = letter.letter.execution_id;
    const bool has_row = execution && ledger_->Read(*execution);
    const auto becomes = [&](const std::string& status) {
      if (has_row) ledger_->SetStatus(*execution, status);
    };
    switch (fate) {
      case Fate::kIsUnroutable:
        Mark(replay, letter, ReplayMark::kUnroutable);
        break;
      case Fate::kIsWithdrawn:
        Mark(replay, letter, ReplayMark::kUnsent);
        becomes("running");
        if (ClaimLetter(replay, letter).verdict == ClaimVerdict::kClaimed)
          Mark(replay, letter, ReplayMark::kSent);
        break;
      case Fate::kIsInDoubt:
        Mark(replay, letter, ReplayMark::kInDoubt);
        break;
      case Fate::kSucceeds:
      case Fate::kIsFailed:
      case Fate::kFailsByAnother:
      case Fate::kIsCancelled:
      case Fate::kIsNotAnswered:
        Mark(replay, letter, ReplayMark::kSent);
        break;
    }
    if (fate == Fate::kSucceeds) becomes("completed");
    if (fate == Fate::kIsFailed) becomes("failed");
    if (fate == Fate::kIsCancelled) becomes("cancelled");
    if (fate == Fate::kFailsByAnother && has_row) {
      EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(*execution).Replay(replay))), Outcome::kFailed);
    }
    Follow(replay, Now() + std::chrono::hours(2));
    EXPECT_TRUE(ShowReplay(replay).ended_at);
    EXPECT_NE(StateOf(letter), LetterState::kWaiting);
  }

  // Whether it was claimed; what it is then, it was before.
  bool ReplayOnce(const Judgement& letter, Fate fate) {
    const LetterState before = StateOf(letter);
    const ReplayId replay = Make({IdOf(letter)});
    Lease(driver_);
    const ClaimVerdict verdict = ClaimLetter(replay, letter).verdict;
    if (verdict == ClaimVerdict::kClaimed) {
      EXPECT_EQ(StateOf(letter), LetterState::kWaiting);
      Suffer(replay, letter, fate);
    } else {
      EXPECT_EQ(verdict, ClaimVerdict::kWithdrawn);
      EXPECT_EQ(StateOf(letter), before);
    }
    return verdict == ClaimVerdict::kClaimed;
  }

  std::int64_t executions_ = 0;
};

TEST_P(ReplayStatesConformance, ReplaysAllowJustTheArrowsThatAreDrawn) {
  const DocumentedStates documented =
      ReadDocumentedStates(std::string(DEADLETTER_SOURCE_DIR) + "/docs/state-machine.md");
  ledger_->RecordArrows();
  for (const Fate fate : kFates) {
    SCOPED_TRACE(static_cast<int>(fate));
    for (const Judgement& letter : OneOfEach()) {
      const Outcome outcome = Show(letter).summary.outcome;
      const DocumentedOutcome& row = documented.outcomes.at(outcome);
      EXPECT_EQ(ReplayOnce(letter, fate), row.is_replayed) << OutcomeName(outcome);
      if (StateOf(letter) != LetterState::kClosed || fate != Fate::kSucceeds) continue;
      // Somebody sets its row back to what it was.
      Good(settlement_->CloseFinished(1000));
      ledger_->SetStatus(*letter.letter.execution_id,
                         outcome == Outcome::kFailed ? "failed" : "scheduled");
      EXPECT_EQ(ReplayOnce(letter, fate), row.closes_replayed) << OutcomeName(outcome);
    }
  }
  ExpectCountsAgree();
  std::set<Arrow> seen = ledger_->Arrows();
  std::erase_if(seen, [](const Arrow& arrow) { return arrow.from == "new"; });
  EXPECT_THAT(seen, testing::ContainerEq(documented.ReplayArrows()));
  EXPECT_EQ(documented.drawn_of_replays, WithoutOutcomes(documented.ReplayArrows()))
      << "the drawing and the table differ";
}

}  // namespace deadletter::test
