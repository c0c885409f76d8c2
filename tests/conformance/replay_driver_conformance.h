// Which letters every ReplayBook lets a replay have, and who drives it. Included once a test
// program.
#pragma once

#include <algorithm>
#include <thread>

#include "tests/conformance/replay_fixture.h"

namespace deadletter::test {

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

}  // namespace deadletter::test
