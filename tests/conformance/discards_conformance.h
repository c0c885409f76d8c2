// What every Discards does: open letters close, nothing else of them changes, and who did it is
// known. Included once a test program.
#pragma once

#include <thread>

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class DiscardsConformance : public LedgerConformance {
 protected:
  void SetUp() override {
    LedgerConformance::SetUp();
    discards_ = ledger_->OpenDiscards();
  }

  [[nodiscard]] LetterId New(Outcome outcome = Outcome::kMalformed) {
    const Judgement judgement = Ends(LetterBuilder(Number(1)).Build(), outcome);
    EXPECT_EQ(OutcomeOf(judgement), outcome);
    return judgement.letter.id;
  }
  [[nodiscard]] static LetterSelection These(const std::vector<LetterId>& ids) {
    return {.ids = ids, .filter = {}};
  }
  [[nodiscard]] static LetterSelection Every(Outcome outcome) {
    LetterSelection selection;
    selection.filter.outcome = outcome;
    return selection;
  }
  [[nodiscard]] static AuditEntry DiscardAct() {
    AuditEntry entry;
    entry.id = TimeOrderedUuid(Now());
    entry.at = Now();
    entry.who = "anna";
    entry.role = "operator";
    entry.what = "discard";
    entry.subject = FormatUuid(entry.id);
    return entry;
  }
  [[nodiscard]] LedgerResult<DiscardCounts> Try(const LetterSelection& selection,
                                                std::size_t max_letters = kMany) {
    return discards_->Discard(selection, max_letters, "by anna: why", Now(), DiscardAct());
  }
  [[nodiscard]] DiscardCounts Discard(const LetterSelection& selection,
                                      std::size_t max_letters = kMany) {
    return Good(Try(selection, max_letters));
  }
  [[nodiscard]] LetterRecord Shown(LetterId letter) { return Good(catalog_->Show(letter)).value(); }
  [[nodiscard]] LetterState State(LetterId letter) { return Shown(letter).summary.state; }
  [[nodiscard]] std::vector<AuditEntry> Acts() {
    return Good(ledger_->OpenAudit()->List({}, 1000, std::nullopt)).entries;
  }
  void ReplayOf(LetterId letter) {
    ReplaySpec spec;
    spec.made_by = "bert";
    const ReplayId id(TimeOrderedUuid(Now()));
    AuditEntry entry = DiscardAct();
    entry.what = "replay";
    EXPECT_TRUE(
        Good(ledger_->OpenReplayBook()->Make(id, spec, These({letter}), kMany, Now(), entry)).made);
  }

  std::unique_ptr<Discards> discards_;
};

TEST_P(DiscardsConformance, P8_AnOpenLetterClosesKeepsItsOutcomeAndSaysWho) {
  const LetterId letter = New();
  const LetterId other = New();
  const LetterRecord before = Shown(letter);
  const DiscardCounts counts = Discard(These({letter}));
  EXPECT_EQ(counts.letters, 1);
  EXPECT_EQ(counts.discarded, 1);
  const LetterRecord after = Shown(letter);
  EXPECT_EQ(after.summary.state, LetterState::kClosed);
  EXPECT_EQ(after.summary.outcome, Outcome::kMalformed);
  EXPECT_EQ(after.summary.settled_at, before.summary.settled_at);
  EXPECT_EQ(after.message, before.message);
  ASSERT_EQ(after.history.size(), before.history.size() + 1);
  EXPECT_EQ(after.history.back().what, "discarded");
  EXPECT_EQ(after.history.back().detail, "by anna: why");
  EXPECT_EQ(State(other), LetterState::kOpen);
  ASSERT_EQ(Acts().size(), 1U);
  EXPECT_EQ(Acts()[0].what, "discard");
  EXPECT_EQ(Acts()[0].who, "anna");
  EXPECT_EQ(Acts()[0].letters, 1);
  const auto states = Good(catalog_->Counts()).letters;
  EXPECT_EQ(states.at(LetterState::kOpen), 1);
  EXPECT_EQ(states.at(LetterState::kClosed), 1);
}

TEST_P(DiscardsConformance, ByAFilterEachLetterIsDiscardedOrPassedOverForAReason) {
  const LetterId first = New(Outcome::kRefused);
  const LetterId second = New(Outcome::kRefused);
  const LetterId taken = New(Outcome::kRefused);
  const LetterId closed = New(Outcome::kRefused);
  const LetterId parked = New(Outcome::kParked);
  const LetterId deferred = New(Outcome::kDeferred);
  ReplayOf(taken);
  EXPECT_EQ(Discard(These({closed})).discarded, 1);
  const DiscardCounts preview = Good(discards_->Preview(Every(Outcome::kRefused), kMany));
  EXPECT_EQ(State(first), LetterState::kOpen) << "looking changes nothing (P7)";
  for (const DiscardCounts& counts : {preview, Discard(Every(Outcome::kRefused))}) {
    EXPECT_EQ(counts.letters, 4);
    EXPECT_EQ(counts.discarded, 2);
    EXPECT_EQ(counts.taken, 1);
    EXPECT_EQ(counts.closed, 1);
    EXPECT_EQ(counts.waiting, 0);
  }
  EXPECT_EQ(State(first), LetterState::kClosed);
  EXPECT_EQ(State(second), LetterState::kClosed);
  EXPECT_EQ(State(taken), LetterState::kOpen);
  EXPECT_EQ(State(parked), LetterState::kOpen);
  const DiscardCounts waits = Discard(These({deferred}));
  EXPECT_EQ(waits.waiting, 1);
  EXPECT_EQ(waits.discarded, 0);
  EXPECT_EQ(State(deferred), LetterState::kWaiting);
}

TEST_P(DiscardsConformance, WhatIsNotThereOrWasDiscardedChangesNothingAndIsNotAudited) {
  EXPECT_EQ(Discard(These({LetterId(RandomUuid())})).letters, 0);
  EXPECT_EQ(Discard(Every(Outcome::kParked)).letters, 0);
  EXPECT_THAT(Acts(), testing::IsEmpty());
  const LetterId letter = New();
  EXPECT_EQ(Discard(These({letter})).discarded, 1);
  const DiscardCounts again = Discard(These({letter}));
  EXPECT_EQ(again.letters, 1);
  EXPECT_EQ(again.closed, 1);
  EXPECT_EQ(again.discarded, 0);
  EXPECT_EQ(Acts().size(), 1U);
  EXPECT_EQ(std::ranges::count(Shown(letter).history, "discarded", &LetterStep::what), 1);
}

TEST_P(DiscardsConformance, P9_OfMoreThanTheLimitNoneIsDiscarded) {
  std::vector<LetterId> letters;
  for (int number = 0; number < 4; ++number) letters.push_back(New());
  for (const LetterSelection& selection : {Every(Outcome::kMalformed), These(letters)}) {
    const DiscardCounts counts = Discard(selection, 3);
    EXPECT_GT(counts.letters, 3);
    EXPECT_EQ(counts.discarded, 0);
  }
  for (const LetterId& letter : letters) EXPECT_EQ(State(letter), LetterState::kOpen);
  EXPECT_THAT(Acts(), testing::IsEmpty());
  EXPECT_EQ(Discard(Every(Outcome::kMalformed), 4).discarded, 4);
}

TEST_P(DiscardsConformance, P8_WithoutTheAuditsEntryNothingIsDiscarded) {
  const LetterId letter = New();
  const AuditEntry entry = DiscardAct();
  Good(ledger_->OpenAudit()->Record(entry));
  // Its id is taken: the entry cannot be written, and so nothing may be.
  EXPECT_FALSE(discards_->Discard(These({letter}), kMany, "x", Now(), entry));
  EXPECT_EQ(State(letter), LetterState::kOpen);
  EXPECT_EQ(Good(catalog_->Counts()).letters.at(LetterState::kOpen), 1);
}

TEST_P(DiscardsConformance, P2_ADiscardedLetterIsNotSettledAgain) {
  Put(Number(7));
  const Judgement refused = Ends(LetterBuilder(Number(7)).Build(), Outcome::kRefused);
  EXPECT_EQ(OutcomeOf(refused), Outcome::kRefused);
  EXPECT_EQ(Discard(These({refused.letter.id})).discarded, 1);
  EXPECT_THAT(Good(settlement_->TakeDue(Now() + std::chrono::hours(24 * 365), 100, kMuch,
                                        std::chrono::seconds(1))),
              testing::IsEmpty());
  Judgement again = Fails(LetterBuilder(Number(7)));
  again.letter.id = refused.letter.id;
  EXPECT_FALSE(
      Good(settlement_->SettleAgain(std::span(&again, 1), LockedRows::kWait)).at(0).recorded);
  EXPECT_EQ(StatusOf(Number(7)), "scheduled");
}

TEST_P(DiscardsConformance, SeveralAtOnceDiscardEachLetterOnce) {
  constexpr int kPeople = 4;
  std::vector<LetterId> letters;
  for (int number = 0; number < 40; ++number) letters.push_back(New());
  std::atomic<std::int64_t> discarded = 0;
  std::vector<std::thread> people;
  for (int person = 0; person < kPeople; ++person) {
    people.emplace_back([&] {
      const auto discards = ledger_->OpenDiscards();
      auto done = discards->Discard(Every(Outcome::kMalformed), kMany, "x", Now(), DiscardAct());
      while (!done && (done.error().fault == LedgerFault::kBusy ||
                       done.error().fault == LedgerFault::kRowLocked)) {
        done = discards->Discard(Every(Outcome::kMalformed), kMany, "x", Now(), DiscardAct());
      }
      discarded += Good(std::move(done)).discarded;
    });
  }
  for (auto& person : people) person.join();
  EXPECT_EQ(discarded, 40);
  for (const LetterId& letter : letters)
    EXPECT_EQ(std::ranges::count(Shown(letter).history, "discarded", &LetterStep::what), 1);
  EXPECT_EQ(Good(catalog_->Counts()).letters.at(LetterState::kClosed), 40);
}

TEST_P(DiscardsConformance, P3_ALetterIsDiscardedOrReplayedNeverBoth) {
  for (int round = 0; round < 20; ++round) {
    const LetterId letter = New(Outcome::kParked);
    DiscardCounts counts;
    std::thread discarding([&] {
      const auto discards = ledger_->OpenDiscards();
      auto done = discards->Discard(These({letter}), kMany, "x", Now(), DiscardAct());
      while (!done && done.error().fault == LedgerFault::kBusy)
        done = discards->Discard(These({letter}), kMany, "x", Now(), DiscardAct());
      counts = Good(std::move(done));
    });
    ReplaySpec spec;
    const ReplayId replay(TimeOrderedUuid(Now()));
    const auto book = ledger_->OpenReplayBook();
    auto made = book->Make(replay, spec, These({letter}), kMany, Now(), DiscardAct());
    while (!made && made.error().fault == LedgerFault::kBusy)
      made = book->Make(replay, spec, These({letter}), kMany, Now(), DiscardAct());
    discarding.join();
    ASSERT_TRUE(Good(std::move(made)).made) << "what is closed may be replayed";
    // Either it was discarded first, or the replay had it and it was passed over.
    EXPECT_EQ(counts.discarded + counts.taken, 1);
    EXPECT_EQ(State(letter), counts.discarded == 1 ? LetterState::kClosed : LetterState::kOpen);
  }
}

TEST_P(DiscardsConformance, AnAbortEndsWhatComesAfterIt) {
  const LetterId letter = New();
  discards_->Abort();
  EXPECT_EQ(Try(These({letter})).error().fault, LedgerFault::kUnavailable);
  EXPECT_EQ(discards_->Preview(These({letter}), kMany).error().fault, LedgerFault::kUnavailable);
}

}  // namespace deadletter::test
