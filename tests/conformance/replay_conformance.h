// What every ReplayBook and ReplayWork does: which letters a replay has, what a claim does to their
// executions, and how they end. Included once a test program.
#pragma once

#include <thread>

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class ReplayConformance : public LedgerConformance {
 protected:
  static constexpr std::chrono::seconds kDriverLease{60};

  void SetUp() override { UseReplays({}); }
  void UseReplays(const LedgerSetup& setup) {
    book_.reset();
    work_.reset();
    Use(setup);
    book_ = ledger_->OpenReplayBook();
    work_ = ledger_->OpenReplayWork();
  }

  // An execution that a letter has failed; that letter.
  [[nodiscard]] Judgement Failed(const ExecutionId& id, const std::string& status = "scheduled",
                                 const std::string& failed = "failed") {
    Put(id, status);
    const Judgement judgement = Fails(LetterBuilder(id), failed);
    EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
    return judgement;
  }
  [[nodiscard]] static LetterSelection All(Outcome outcome) {
    LetterSelection selection;
    selection.filter.outcome = outcome;
    return selection;
  }
  [[nodiscard]] static LetterId IdOf(const Judgement& judgement) { return judgement.letter.id; }

  [[nodiscard]] static AuditEntry Act(const std::string& what, ReplayId replay) {
    AuditEntry entry;
    entry.id = TimeOrderedUuid(Now());
    entry.at = Now();
    entry.who = "anna";
    entry.role = "operator";
    entry.what = what;
    entry.subject = FormatUuid(replay.value());
    return entry;
  }
  [[nodiscard]] ReplayMade Try(ReplayId id, const std::vector<LetterId>& letters) {
    return Good(
        book_->Make(id, spec_, {.ids = letters, .filter = {}}, kMany, Now(), Act("replay", id)));
  }
  [[nodiscard]] ReplayId Make(const std::vector<LetterId>& letters) {
    const ReplayId id(TimeOrderedUuid(Now()));
    EXPECT_TRUE(Try(id, letters).made);
    return id;
  }
  [[nodiscard]] std::optional<ReplaySteered> Steer(ReplayId replay, ReplayCommand command,
                                                   const std::string& what = "steer") {
    return Good(book_->Steer(replay, command, Now(), Act(what, replay)));
  }
  [[nodiscard]] std::vector<AuditEntry> Acts() {
    return Good(ledger_->OpenAudit()->List({}, 1000, std::nullopt)).entries;
  }
  void Lease(Uuid driver, Instant at = Now()) { Good(work_->Lease(driver, at, kDriverLease, {})); }
  [[nodiscard]] static ReplayClaim ClaimOf(const Judgement& judgement) {
    return {judgement.letter.id, judgement.letter.execution_id, judgement.letter.attempt};
  }
  [[nodiscard]] ClaimedLetter ClaimLetter(ReplayId replay, const Judgement& judgement) {
    const ReplayClaim claim = ClaimOf(judgement);
    return Good(work_->Claim(replay, driver_, std::span(&claim, 1), Now())).at(0);
  }
  // A replay of that letter alone, which is claimed.
  [[nodiscard]] ReplayId Claimed(const Judgement& judgement) {
    const ReplayId replay = Make({IdOf(judgement)});
    Lease(driver_);
    EXPECT_EQ(ClaimLetter(replay, judgement).verdict, ClaimVerdict::kClaimed);
    return replay;
  }
  std::map<ReplayEnd, std::int64_t> Mark(ReplayId replay, const Judgement& judgement,
                                         ReplayMark mark) {
    return MarkOf(replay, judgement, mark, PartOf(replay, judgement).claimed_at);
  }
  std::map<ReplayEnd, std::int64_t> MarkOf(ReplayId replay, const Judgement& judgement,
                                           ReplayMark mark, std::optional<Instant> claimed_at) {
    const ReplayResult result{.letter = judgement.letter.id,
                              .mark = mark,
                              .detail = "a detail",
                              .retry_at = Now(),
                              .claimed_at = claimed_at,
                              .execution = judgement.letter.execution_id,
                              .failure = judgement.failure,
                              .event = judgement.event};
    return Good(work_->Mark(replay, std::span(&result, 1), Now()));
  }
  [[nodiscard]] ReplayId Sent(const Judgement& judgement) {
    const ReplayId replay = Claimed(judgement);
    Mark(replay, judgement, ReplayMark::kSent);
    return replay;
  }
  std::map<ReplayEnd, std::int64_t> Follow(ReplayId replay, Instant at = Now()) {
    return Good(work_->Follow(replay, std::nullopt, 1000, at)).ends;
  }
  [[nodiscard]] ReplayRecord ShowReplay(ReplayId replay) {
    return Good(book_->Show(replay)).value();
  }
  [[nodiscard]] ReplayedLetter PartOf(ReplayId replay, const Judgement& judgement) {
    for (const ReplayedLetter& letter : Good(book_->Letters(replay, {}, 1000, {}))) {
      if (letter.letter == judgement.letter.id) return letter;
    }
    throw std::runtime_error("the replay does not have that letter");
  }
  void ExpectWithdrawn(ReplayId replay, const Judgement& judgement, const std::string& why) {
    EXPECT_EQ(ClaimLetter(replay, judgement).verdict, ClaimVerdict::kWithdrawn);
    const ReplayedLetter part = PartOf(replay, judgement);
    EXPECT_EQ(part.end, ReplayEnd::kWithdrawn);
    EXPECT_EQ(part.detail, why);
  }
  void ExpectCountsAgree() {
    const auto counts = Good(catalog_->Counts()).letters;
    for (const LetterState state :
         {LetterState::kOpen, LetterState::kWaiting, LetterState::kClosed}) {
      const auto found = counts.find(state);
      LetterFilter filter;
      filter.state = state;
      const auto listed = Good(catalog_->List(filter, 1000, {})).letters.size();
      EXPECT_EQ(found == counts.end() ? 0 : found->second, static_cast<std::int64_t>(listed))
          << LetterStateName(state);
    }
  }

  const Uuid driver_ = RandomUuid();
  ReplaySpec spec_;
  std::unique_ptr<ReplayBook> book_;
  std::unique_ptr<ReplayWork> work_;
};

// ---- the claim

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

// ---- who has a letter, and who drives

TEST_P(ReplayConformance, P3_ALetterBelongsToOneReplayAtATime) {
  const Judgement one = Failed(Number(1));
  const Judgement two = Failed(Number(2));
  const ReplayId first = Make({IdOf(one)});
  const ReplayMade none = Try(ReplayId(TimeOrderedUuid(Now())), {IdOf(one)});
  EXPECT_FALSE(none.made);
  EXPECT_EQ(none.letters, 1);
  EXPECT_EQ(none.taken, 1);
  const ReplayId second = Make({IdOf(one), IdOf(two)});
  EXPECT_EQ(PartOf(second, one).end, ReplayEnd::kTaken);
  EXPECT_EQ(PartOf(second, two).step, ReplayStep::kPending);
  EXPECT_EQ(ShowReplay(second).counts.Of(ReplayEnd::kTaken), 1);
  EXPECT_THAT(Good(book_->List(10, {})), testing::SizeIs(2));

  EXPECT_TRUE(Steer(first, ReplayCommand::kCancel).value().done);
  EXPECT_EQ(PartOf(Make({IdOf(one)}), one).step, ReplayStep::kPending);
}

TEST_P(ReplayConformance, P3_OfOperatorsAtOnceEachLetterIsGivenToOne) {
  constexpr int kLetters = 40;
  constexpr int kOperators = 4;
  std::vector<LetterId> ids;
  for (int number = 1; number <= kLetters; ++number) ids.push_back(IdOf(Failed(Number(number))));
  std::vector<ReplayMade> made(kOperators);
  {
    std::vector<std::jthread> operators;
    for (int mine = 0; mine < kOperators; ++mine) {
      operators.emplace_back([&, mine] {
        auto book = ledger_->OpenReplayBook();
        while (true) {
          const ReplayId id(TimeOrderedUuid(Now()));
          const auto tried =
              book->Make(id, spec_, {.ids = ids, .filter = {}}, kMany, Now(), Act("replay", id));
          const bool is_busy = !tried && (tried.error().fault == LedgerFault::kBusy ||
                                          tried.error().fault == LedgerFault::kRowLocked);
          if (is_busy) continue;
          made[static_cast<std::size_t>(mine)] = Good(tried);
          return;
        }
      });
    }
  }
  EXPECT_EQ(std::ranges::count(made, true, &ReplayMade::made), 1);
  for (const ReplayMade& one : made) EXPECT_EQ(one.taken, one.made ? 0 : kLetters);
}

TEST_P(ReplayConformance, TheSelectionIsFrozen) {
  const Judgement one = Failed(Number(1));
  const LetterSelection selection = All(Outcome::kFailed);
  const ReplayId replay(TimeOrderedUuid(Now()));
  EXPECT_EQ(Good(book_->Preview(selection)).letters, 1);
  EXPECT_TRUE(
      Good(book_->Make(replay, spec_, selection, kMany, Now(), Act("replay", replay))).made);
  const Judgement later = Failed(Number(2));
  const auto letters = Good(book_->Letters(replay, {}, 100, {}));
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].letter, IdOf(one));
  EXPECT_EQ(letters[0].execution_id, "1");
  const ReplayPreview preview = Good(book_->Preview(selection));
  EXPECT_EQ(preview.letters, 2);
  EXPECT_EQ(preview.taken, 1);
  ASSERT_EQ(preview.parts.size(), 1u);
  EXPECT_EQ(preview.parts[0].sample, IdOf(later));
  EXPECT_EQ(preview.parts[0].queue, "worker.7.executions");
}

TEST_P(ReplayConformance, P9_NothingIsMadeOfNothingOrOfTooMuch) {
  const Judgement one = Failed(Number(1));
  const Judgement two = Failed(Number(2));
  const ReplayId id(TimeOrderedUuid(Now()));
  const LetterSelection both{.ids = {IdOf(one), IdOf(two)}, .filter = {}};
  const ReplayMade many = Good(book_->Make(id, spec_, both, 1, Now(), Act("replay", id)));
  EXPECT_FALSE(many.made);
  EXPECT_EQ(many.letters, 2);
  const ReplayMade none =
      Good(book_->Make(id, spec_, All(Outcome::kMalformed), kMany, Now(), Act("replay", id)));
  EXPECT_FALSE(none.made);
  EXPECT_EQ(none.letters, 0);
  EXPECT_THAT(Good(book_->List(10, {})), testing::IsEmpty());
  EXPECT_THAT(Acts(), testing::IsEmpty());
}

TEST_P(ReplayConformance, P3_WhoLetItsLeaseEndClaimsNothingAndWhatItHadIsInDoubt) {
  const Judgement one = Failed(Number(1));
  const Judgement two = Failed(Number(2));
  const ReplayId replay = Make({IdOf(one), IdOf(two)});
  Lease(driver_);
  EXPECT_EQ(ClaimLetter(replay, one).verdict, ClaimVerdict::kClaimed);

  const Uuid other = RandomUuid();
  EXPECT_THAT(Good(work_->Lease(other, Now(), kDriverLease, {})), testing::IsEmpty());
  const auto driven =
      Good(work_->Lease(other, Now() + kDriverLease + kDriverLease / 2, kDriverLease, {}));
  ASSERT_EQ(driven.size(), 1u);
  EXPECT_EQ(driven[0].id, replay);
  EXPECT_EQ(PartOf(replay, one).end, ReplayEnd::kInDoubt);
  EXPECT_EQ(ClaimLetter(replay, two).verdict, ClaimVerdict::kLeft);
  EXPECT_EQ(StatusOf(Number(2)), "failed");
  // Nobody sends the first one again by itself.
  const auto next = Good(work_->Next(replay, Now() + std::chrono::hours(1), 10, kMuch, {}));
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0].id, IdOf(two));

  // It was only slow: what it knows still counts.
  Mark(replay, one, ReplayMark::kSent);
  EXPECT_EQ(PartOf(replay, one).end, std::nullopt);
  EXPECT_EQ(PartOf(replay, one).step, ReplayStep::kSent);
  Good(work_->Release(other));
  EXPECT_THAT(Good(work_->Lease(driver_, Now(), kDriverLease, {})), testing::SizeIs(1));
}

TEST_P(ReplayConformance, P2_WhatAWorkerHasBegunIsNotTakenBack) {
  for (const auto& [number, status, verdict] :
       {std::tuple(1, "scheduled", ClaimVerdict::kClaimed),
        std::tuple(2, "running", ClaimVerdict::kWithdrawn)}) {
    Put(Number(number), status);
    const Judgement parked = Ends(LetterBuilder(Number(number)).Build(), Outcome::kParked);
    EXPECT_EQ(OutcomeOf(parked), Outcome::kParked);
    const ReplayId replay = Make({IdOf(parked)});
    Lease(driver_);
    EXPECT_EQ(ClaimLetter(replay, parked).verdict, verdict) << status;
    EXPECT_EQ(StatusOf(Number(number)), status);
  }
}

TEST_P(ReplayConformance, P2_AnUnsentMessageIsSentOnlyWhileItsRowIsAsTheClaimLeftIt) {
  for (const auto& [number, status] : {std::pair(1, "running"), std::pair(2, "scheduled")}) {
    const Judgement letter = Failed(Number(number));
    const ReplayId replay = Claimed(letter);
    Mark(replay, letter, ReplayMark::kUnsent);
    ledger_->SetStatus(Number(number), status);  // a worker has begun; the platform schedules anew
    EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kWithdrawn) << status;
    EXPECT_EQ(StatusOf(Number(number)), status);
    EXPECT_EQ(PartOf(replay, letter).end, ReplayEnd::kWithdrawn);
  }
}

// Of an execution that the platform does not let fail again.
TEST_P(ReplayConformance, P5_AnUnroutableLetterWhoseRowStaysCanBeReplayedAgain) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Claimed(letter);
  ReplayResult result;
  result.letter = letter.letter.id;
  result.mark = ReplayMark::kUnroutable;
  result.detail = "no queue took it";
  result.claimed_at = PartOf(replay, letter).claimed_at;
  EXPECT_EQ(Good(work_->Mark(replay, std::span(&result, 1), Now()))[ReplayEnd::kUnroutable], 1);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(StateOf(letter), LetterState::kOpen);
  ExpectCountsAgree();
  EXPECT_NE(Claimed(letter), replay) << "once more, by another one";
}

TEST_P(ReplayConformance, P5_AClaimWhoseCommitItsDriverWasNeverToldOfIsInDoubtInTheEnd) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Claimed(letter);
  Lease(driver_, Now() + kDriverLease);
  EXPECT_EQ(PartOf(replay, letter).step, ReplayStep::kClaimed) << "it may be on its way";
  Lease(driver_, Now() + kForgottenClaimAfter + kDriverLease);
  EXPECT_EQ(PartOf(replay, letter).end, ReplayEnd::kInDoubt);
}

TEST_P(ReplayConformance, P5_AClaimWhoseMarkIsOwedIsNotForgotten) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Claimed(letter);
  const std::vector<LetterId> owed = {letter.letter.id};
  const Instant later = Now() + kForgottenClaimAfter + kDriverLease;
  Good(work_->Lease(driver_, later, kDriverLease, owed));
  EXPECT_EQ(PartOf(replay, letter).step, ReplayStep::kClaimed);
  // Another driver knows nothing of it.
  Good(work_->Lease(RandomUuid(), later + 2 * kDriverLease, kDriverLease, owed));
  EXPECT_EQ(PartOf(replay, letter).end, ReplayEnd::kInDoubt);
}

TEST_P(ReplayConformance, ALeaseOfAClockThatWasSetBackEnds) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  Lease(RandomUuid(), Now() + std::chrono::hours(24));
  EXPECT_THAT(Good(work_->Lease(driver_, Now(), kDriverLease, {})), testing::SizeIs(1));
  EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kClaimed);
}

TEST_P(ReplayConformance, PauseResumeAndCancelHoldFromTheMomentTheyAreAnswered) {
  const Judgement one = Failed(Number(1));
  const Judgement two = Failed(Number(2));
  const ReplayId replay = Make({IdOf(one), IdOf(two)});
  Lease(driver_);
  const auto steer = [&](ReplayCommand command) { return Steer(replay, command).value(); };
  EXPECT_FALSE(steer(ReplayCommand::kResume).done);
  EXPECT_TRUE(steer(ReplayCommand::kPause).done);
  EXPECT_FALSE(steer(ReplayCommand::kPause).done);
  EXPECT_EQ(ClaimLetter(replay, one).verdict, ClaimVerdict::kLeft);
  EXPECT_EQ(StatusOf(Number(1)), "failed");
  EXPECT_TRUE(steer(ReplayCommand::kResume).done);
  EXPECT_EQ(ClaimLetter(replay, one).verdict, ClaimVerdict::kClaimed);
  EXPECT_TRUE(steer(ReplayCommand::kCancel).done);
  EXPECT_FALSE(steer(ReplayCommand::kResume).done);
  EXPECT_EQ(PartOf(replay, two).end, ReplayEnd::kWithdrawn);
  EXPECT_EQ(PartOf(replay, two).detail, "the replay was cancelled");
  EXPECT_EQ(ClaimLetter(replay, two).verdict, ClaimVerdict::kLeft);
  EXPECT_FALSE(Steer(NewReplayId(), ReplayCommand::kPause));

  Mark(replay, one, ReplayMark::kSent);
  ledger_->SetStatus(Number(1), "completed");
  EXPECT_EQ(Follow(replay).at(ReplayEnd::kSucceeded), 1);
  EXPECT_EQ(ShowReplay(replay).state, ReplayState::kCancelled);
  EXPECT_TRUE(ShowReplay(replay).ended_at);
}

TEST_P(ReplayConformance, P8_EachActIsInTheAuditWithHowManyLettersItIsDoneTo) {
  const Judgement one = Failed(Number(1));
  const Judgement two = Failed(Number(2));
  const Judgement three = Failed(Number(3));
  const ReplayId other = Make({IdOf(three)});
  const ReplayId replay = Make({IdOf(one), IdOf(two), IdOf(three)});
  Lease(driver_);
  EXPECT_EQ(ClaimLetter(replay, one).verdict, ClaimVerdict::kClaimed);
  EXPECT_TRUE(Steer(replay, ReplayCommand::kPause, "pause")->done);
  EXPECT_FALSE(Steer(replay, ReplayCommand::kPause, "pause")->done);  // and so no entry
  EXPECT_TRUE(Steer(replay, ReplayCommand::kResume, "resume")->done);
  EXPECT_TRUE(Steer(replay, ReplayCommand::kCancel, "cancel")->done);
  EXPECT_FALSE(Steer(NewReplayId(), ReplayCommand::kPause, "pause"));
  EXPECT_FALSE(Try(NewReplayId(), {IdOf(three)}).made);
  const auto acts = Acts();
  std::vector<std::pair<std::string, std::int64_t>> told;
  for (const AuditEntry& act : acts) told.emplace_back(act.what, act.letters);
  EXPECT_THAT(told, testing::ElementsAre(testing::Pair("cancel", 1), testing::Pair("resume", 1),
                                         testing::Pair("pause", 1),
                                         testing::Pair("replay", 2),  // one was taken
                                         testing::Pair("replay", 1)));
  ASSERT_EQ(acts.size(), 5u);
  EXPECT_EQ(acts[0].who, "anna");
  EXPECT_EQ(acts[3].subject, FormatUuid(replay.value()));
  EXPECT_EQ(acts[4].subject, FormatUuid(other.value()));
}

TEST_P(ReplayConformance, OnlyWhatIsTaggedSoIsSelectedByATag) {
  const Judgement one = Failed(Number(1));
  const Judgement two = Failed(Number(2));
  const auto remarks = ledger_->OpenRemarks();
  Good(remarks->ChangeTags(IdOf(two), {.add = {"again"}, .remove = {}}, Act("tag", {})));
  LetterSelection selection;
  selection.filter.tag = "again";
  EXPECT_EQ(Good(book_->Preview(selection)).letters, 1);
  const ReplayId replay(TimeOrderedUuid(Now()));
  EXPECT_EQ(
      Good(book_->Make(replay, spec_, selection, kMany, Now(), Act("replay", replay))).letters, 1);
  EXPECT_EQ(PartOf(replay, two).step, ReplayStep::kPending);
}

TEST_P(ReplayConformance, WhatStoppedByItselfSaysWhyAndMayGoOn) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  Lease(driver_);
  Good(work_->Stop(replay, "1 of 1 failed again"));
  EXPECT_EQ(ShowReplay(replay).state, ReplayState::kStopped);
  EXPECT_EQ(ShowReplay(replay).reason, "1 of 1 failed again");
  EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kLeft);
  EXPECT_TRUE(Steer(replay, ReplayCommand::kResume).value().done);
  EXPECT_EQ(ShowReplay(replay).reason, "");
  EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kClaimed);
}

// ---- what becomes of a message

TEST_P(ReplayConformance, WhatIsCertainlyNotSentIsSentAgainWhateverTheReplaysState) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Claimed(letter);
  Mark(replay, letter, ReplayMark::kUnsent);
  EXPECT_TRUE(Steer(replay, ReplayCommand::kPause).value().done);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_THAT(Good(work_->Next(replay, Now(), 0, kMuch, {})), testing::SizeIs(1));
  const ClaimedLetter again = ClaimLetter(replay, letter);
  EXPECT_EQ(again.verdict, ClaimVerdict::kClaimed);
  EXPECT_EQ(again.stamp, UpdatedOf(Number(1)));
  EXPECT_EQ(Show(letter).summary.replays, 1);
  Mark(replay, letter, ReplayMark::kUnsent);
  ledger_->SetStatus(Number(1), "completed");
  ExpectWithdrawn(replay, letter, "the execution waits for it no longer");
  EXPECT_EQ(StateOf(letter), LetterState::kOpen);
  ExpectCountsAgree();
}

TEST_P(ReplayConformance, P5_P6_AnUnroutableMessageLeavesItsExecutionFailedAndThatIsHeard) {
  const Judgement letter = Failed(Number(1));
  const auto result = ledger_->Read(Number(1))->result_json;
  EXPECT_EQ(Claim().size(), 1u);
  const ReplayId replay = Claimed(letter);
  EXPECT_THAT(Mark(replay, letter, ReplayMark::kUnroutable),
              testing::ElementsAre(testing::Pair(ReplayEnd::kUnroutable, 1)));
  EXPECT_EQ(StatusOf(Number(1)), "failed");
  EXPECT_EQ(ledger_->Read(Number(1))->result_json, result);
  EXPECT_EQ(StateOf(letter), LetterState::kOpen);
  EXPECT_EQ(PartOf(replay, letter).detail, "a detail");
  EXPECT_EQ(Good(outbox_->Backlog(Now())).pending, 2);
  EXPECT_THAT(Mark(replay, letter, ReplayMark::kUnroutable), testing::IsEmpty());
  EXPECT_EQ(Good(outbox_->Backlog(Now())).pending, 2) << "told twice, it happens once";
  Follow(replay);
  EXPECT_EQ(ShowReplay(replay).state, ReplayState::kDone);
  ExpectCountsAgree();
  // And nothing stands in the way of another try.
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kNotFailable);
  EXPECT_EQ(StatusOf(Number(1)), "failed");
  EXPECT_NE(Claimed(letter), replay);
}

// Its row was scheduled already when the second one claimed it.
TEST_P(ReplayConformance, P5_P6_AnUnroutableMessageOfASecondReplayFailsItsExecutionToo) {
  const Judgement letter = Failed(Number(1));
  const ReplayId first = Sent(letter);
  EXPECT_EQ(Follow(first, Now() + spec_.answer_within).at(ReplayEnd::kNoAnswer), 1);
  EXPECT_EQ(Claim().size(), 1u);
  const ReplayId second = Claimed(letter);
  EXPECT_EQ(Mark(second, letter, ReplayMark::kUnroutable).at(ReplayEnd::kUnroutable), 1);
  EXPECT_EQ(StatusOf(Number(1)), "failed");
  EXPECT_EQ(Good(outbox_->Backlog(Now())).pending, 2);
  EXPECT_NE(Claimed(letter), second) << "nothing stands in the way of another try";
}

TEST_P(ReplayConformance, P2_AnUnroutableMessageFailsNothingThatWentOnMeanwhile) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Claimed(letter);
  ledger_->SetStatus(Number(1), "completed");
  EXPECT_EQ(Mark(replay, letter, ReplayMark::kUnroutable).at(ReplayEnd::kUnroutable), 1);
  EXPECT_EQ(StatusOf(Number(1)), "completed");

  Put(Number(2));
  const Judgement parked = Ends(LetterBuilder(Number(2)).Build(), Outcome::kParked);
  EXPECT_TRUE(SettleOne(parked).recorded);
  EXPECT_EQ(Mark(Claimed(parked), parked, ReplayMark::kUnroutable).at(ReplayEnd::kUnroutable), 1);
  EXPECT_EQ(StatusOf(Number(2)), "scheduled");
}

TEST_P(ReplayConformance, AMissingExchangeEndsALetterBeforeItIsClaimed) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  EXPECT_EQ(Mark(replay, letter, ReplayMark::kUnroutable).at(ReplayEnd::kUnroutable), 1);
  EXPECT_EQ(StatusOf(Number(1)), "failed");
  EXPECT_EQ(StateOf(letter), LetterState::kOpen);
  EXPECT_EQ(Good(outbox_->Backlog(Now())).pending, 1);
}

TEST_P(ReplayConformance, EachLetterEndsAsItsExecutionsRowTells) {
  std::vector<std::pair<std::string, ReplayEnd>> all = {
      {"completed", ReplayEnd::kSucceeded}, {"failed", ReplayEnd::kFailedAgain},
      {"cancelled", ReplayEnd::kNoAnswer},  {"", ReplayEnd::kNoAnswer},
      {"running", ReplayEnd::kNoAnswer},
  };
  std::vector<Judgement> letters;
  std::vector<LetterId> ids;
  for (std::size_t index = 0; index < all.size(); ++index) {
    letters.push_back(Failed(Number(static_cast<std::int64_t>(index))));
    ids.push_back(IdOf(letters.back()));
  }
  const ReplayId replay = Make(ids);
  Lease(driver_);
  for (std::size_t index = 0; index < all.size(); ++index) {
    const ExecutionId id = Number(static_cast<std::int64_t>(index));
    EXPECT_EQ(ClaimLetter(replay, letters[index]).verdict, ClaimVerdict::kClaimed);
    Mark(replay, letters[index], ReplayMark::kSent);
    all[index].first.empty() ? ledger_->Remove(id) : ledger_->SetStatus(id, all[index].first);
  }
  EXPECT_EQ(Follow(replay).size(), 3u);
  EXPECT_EQ(PartOf(replay, letters[4]).step, ReplayStep::kSent) << "it may still answer";
  EXPECT_EQ(ShowReplay(replay).state, ReplayState::kRunning);
  EXPECT_EQ(Follow(replay, Now() + std::chrono::hours(2)).at(ReplayEnd::kNoAnswer), 1);
  for (std::size_t index = 0; index < all.size(); ++index) {
    EXPECT_EQ(PartOf(replay, letters[index]).end, all[index].second) << all[index].first;
    EXPECT_EQ(StateOf(letters[index]), all[index].second == ReplayEnd::kSucceeded
                                           ? LetterState::kClosed
                                           : LetterState::kOpen);
  }
  const ReplayRecord record = ShowReplay(replay);
  EXPECT_EQ(record.state, ReplayState::kDone);
  EXPECT_EQ(record.counts.letters, 5);
  EXPECT_EQ(record.counts.out, 5);
  EXPECT_EQ(record.counts.awaiting, 0);
  ExpectCountsAgree();
}

TEST_P(ReplayConformance, ALetterThatDiesAgainTakesTheFirstOnesPlace) {
  const Judgement first = Failed(Number(1));
  const ReplayId replay = Sent(first);
  const Judgement second =
      Fails(LetterBuilder(Number(1)).Replay(replay).Attempt(UpdatedOf(Number(1))));
  EXPECT_EQ(OutcomeOf(second), Outcome::kFailed);
  EXPECT_EQ(Follow(replay).at(ReplayEnd::kFailedAgain), 1);
  EXPECT_EQ(StateOf(first), LetterState::kClosed);
  EXPECT_EQ(StateOf(second), LetterState::kOpen);
  EXPECT_NE(Claimed(second), replay);
  ExpectCountsAgree();
}

TEST_P(ReplayConformance, WhatIsInDoubtIsShownSoUntilItsRowTells) {
  const Judgement one = Failed(Number(1));
  const Judgement two = Failed(Number(2));
  const ReplayId replay = Make({IdOf(one), IdOf(two)});
  Lease(driver_);
  for (const Judgement* letter : {&one, &two}) {
    EXPECT_EQ(ClaimLetter(replay, *letter).verdict, ClaimVerdict::kClaimed);
    Mark(replay, *letter, ReplayMark::kInDoubt);
  }
  EXPECT_EQ(ShowReplay(replay).counts.Of(ReplayEnd::kInDoubt), 2);
  ledger_->SetStatus(Number(1), "completed");
  Follow(replay);
  EXPECT_EQ(PartOf(replay, one).end, ReplayEnd::kSucceeded);
  Follow(replay, Now() + std::chrono::hours(2));
  EXPECT_EQ(PartOf(replay, two).end, ReplayEnd::kInDoubt);
  EXPECT_EQ(StateOf(two), LetterState::kOpen);

  // Whoever looked may send it again: the row is just as the claim left it.
  const Instant before = UpdatedOf(Number(2));
  const ReplayId again = Claimed(two);
  EXPECT_GT(UpdatedOf(Number(2)), before);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(2)).Replay(replay))), Outcome::kStaleAttempt);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(2)).Replay(again))), Outcome::kFailed);
}

// Its driver does not know whether its mark was made, is slow, and makes it again.
TEST_P(ReplayConformance, P3_AMarkOfAnEarlierClaimSaysNothingOfTheMessageThatIsOnItsWay) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Claimed(letter);
  const auto first = PartOf(replay, letter).claimed_at;
  MarkOf(replay, letter, ReplayMark::kUnsent, first);
  EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kClaimed);
  for (const ReplayMark mark : {ReplayMark::kUnsent, ReplayMark::kUnroutable, ReplayMark::kSent})
    EXPECT_THAT(MarkOf(replay, letter, mark, first), testing::IsEmpty());
  // Nor does one who found that it could not be sent before it was claimed.
  EXPECT_THAT(MarkOf(replay, letter, ReplayMark::kUnroutable, {}), testing::IsEmpty());
  EXPECT_EQ(PartOf(replay, letter).step, ReplayStep::kClaimed);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  Mark(replay, letter, ReplayMark::kSent);
  EXPECT_EQ(PartOf(replay, letter).step, ReplayStep::kSent);
  EXPECT_THAT(Good(work_->Next(replay, Now(), 0, kMuch, {})), testing::IsEmpty());
}

// A trigger that lets no row fail: the row waits on, for the next replay of the letter.
TEST_P(ReplayConformance, P5_AnUnroutableLetterWhoseFailureIsSwallowedCanBeReplayedAgain) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Claimed(letter);
  ledger_->AddTrigger(PlatformTrigger::kSuppresses);
  EXPECT_EQ(Mark(replay, letter, ReplayMark::kUnroutable).at(ReplayEnd::kUnroutable), 1);
  ledger_->RemoveTrigger();
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_EQ(StateOf(letter), LetterState::kOpen);
  const char* const kWhy =
      "a detail; its execution waits in vain: the platform swallowed its failure";
  EXPECT_EQ(PartOf(replay, letter).detail, kWhy);
  EXPECT_EQ(Show(letter).history.back().detail, kWhy);
  EXPECT_NE(Claimed(letter), replay);
}

TEST_P(ReplayConformance, P5_AParkedLetterWhoseReplayWasNotAnsweredCanBeReplayedAgain) {
  for (const auto& [number, mark] :
       {std::pair(1, ReplayMark::kInDoubt), std::pair(2, ReplayMark::kSent),
        std::pair(3, ReplayMark::kUnroutable)}) {
    Put(Number(number));
    const Judgement parked = Ends(
        LetterBuilder(Number(number)).Attempt(UpdatedOf(Number(number))).Build(), Outcome::kParked);
    EXPECT_EQ(OutcomeOf(parked), Outcome::kParked);
    const ReplayId replay = Claimed(parked);
    Mark(replay, parked, mark);
    Follow(replay, Now() + std::chrono::hours(2));
    EXPECT_EQ(StateOf(parked), LetterState::kOpen);
    EXPECT_NE(Claimed(parked), replay);
  }
}

// In one replay, two letters of an execution: one cannot be sent, and the other is on its way.
TEST_P(ReplayConformance, P2_AnUnroutableLetterDoesNotTakeWhatWaitsForAnothersMessage) {
  const Judgement older = Failed(Number(1));
  ledger_->SetStatus(Number(1), "scheduled");
  const Judgement newer = Fails(LetterBuilder(Number(1)));
  EXPECT_EQ(OutcomeOf(newer), Outcome::kFailed);
  const ReplayId both = Make({IdOf(older), IdOf(newer)});
  Lease(driver_);
  EXPECT_EQ(MarkOf(both, older, ReplayMark::kUnroutable, {}).at(ReplayEnd::kUnroutable), 1);
  EXPECT_EQ(ClaimLetter(both, newer).verdict, ClaimVerdict::kClaimed);
  Mark(both, newer, ReplayMark::kSent);
  const ReplayId again = Make({IdOf(older)});
  Lease(driver_);
  ExpectWithdrawn(again, older, "the execution is scheduled");
}

TEST_P(ReplayConformance, P2_WhatIsInDoubtIsNotSentAgainOnceSomebodyHasTheExecution) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Claimed(letter);
  Mark(replay, letter, ReplayMark::kInDoubt);
  Follow(replay, Now() + std::chrono::hours(2));
  ledger_->SetStatus(Number(1), "running");
  const ReplayId again = Make({IdOf(letter)});
  Lease(driver_);
  ExpectWithdrawn(again, letter, "the execution is running");
}

}  // namespace deadletter::test
