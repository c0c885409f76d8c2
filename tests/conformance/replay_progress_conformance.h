// That replays come to their ends whatever the clock, the platform and other drivers do. Included
// once a test program.
#pragma once

#include "tests/conformance/replay_fixture.h"

namespace deadletter::test {

class ReplayProgressConformance : public ReplayConformance {
 protected:
  static constexpr std::chrono::hours kSetBackBy{3};

  // Its claim's instant.
  Instant ClaimAt(ReplayId replay, const Judgement& judgement, Instant at) {
    const ReplayClaim claim = ClaimOf(judgement);
    EXPECT_EQ(Good(work_->Claim(replay, driver_, std::span(&claim, 1), at)).at(0).verdict,
              ClaimVerdict::kClaimed);
    return at;
  }
  void MarkAt(ReplayId replay, const Judgement& judgement, ReplayMark mark, Instant claimed_at,
              Instant at) {
    ReplayResult result;
    result.letter = judgement.letter.id;
    result.mark = mark;
    result.retry_at = at;
    result.claimed_at = claimed_at;
    Good(work_->Mark(replay, std::span(&result, 1), at));
  }
};

// ---- a clock that was set back

TEST_P(ReplayProgressConformance, P5_WhatIsUnsentSinceBeforeTheClockWasSetBackIsDue) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  const Instant before = Now() + kSetBackBy;
  Lease(driver_, before);
  MarkAt(replay, letter, ReplayMark::kUnsent, ClaimAt(replay, letter, before), before);
  Lease(driver_);
  EXPECT_THAT(Good(work_->Next(replay, Now(), 0, kMuch, {})), testing::SizeIs(1));
  EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kClaimed);
}

TEST_P(ReplayProgressConformance, P5_AClaimThatWasForgottenBeforeTheClockWasSetBackIsInDoubt) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  const Instant before = Now() + kSetBackBy;
  Lease(driver_, before);
  const Instant claimed_at = ClaimAt(replay, letter, before);
  Lease(driver_);
  EXPECT_EQ(PartOf(replay, letter).end, ReplayEnd::kInDoubt);
  // It was not forgotten, only slow: what becomes of it counts all the same.
  MarkAt(replay, letter, ReplayMark::kSent, claimed_at, Now());
  EXPECT_EQ(PartOf(replay, letter).end, std::nullopt);
  EXPECT_EQ(PartOf(replay, letter).step, ReplayStep::kSent);
}

TEST_P(ReplayProgressConformance, P5_AnAnswerIsNotWaitedForUntilTheOldTimeComesAgain) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  const Instant before = Now() + kSetBackBy;
  Lease(driver_, before);
  MarkAt(replay, letter, ReplayMark::kSent, ClaimAt(replay, letter, before), before);
  Lease(driver_);
  const Instant now = Now();
  EXPECT_THAT(Follow(replay, now), testing::IsEmpty());
  EXPECT_THAT(Follow(replay, now + spec_.answer_within / 2), testing::IsEmpty());
  EXPECT_THAT(Follow(replay, now + spec_.answer_within),
              testing::ElementsAre(testing::Pair(ReplayEnd::kNoAnswer, 1)));
  EXPECT_EQ(StateOf(letter), LetterState::kOpen);
}

// ---- marks that are owed

TEST_P(ReplayProgressConformance, P5_WhatIsLeftOutHidesNoneOfTheLettersBehindIt) {
  std::vector<LetterId> ids;
  std::vector<Judgement> letters;
  for (int number = 1; number <= 5; ++number) {
    letters.push_back(Failed(Number(number)));
    ids.push_back(IdOf(letters.back()));
  }
  const ReplayId replay = Make(ids);
  Lease(driver_);
  for (const std::size_t unsent : {3U, 4U})
    MarkAt(replay, letters[unsent], ReplayMark::kUnsent, ClaimAt(replay, letters[unsent], Now()),
           Now());
  const std::vector<LetterId> without = {ids[0], ids[2], ids[3]};
  const auto next = [&](std::size_t pending) {
    std::vector<LetterId> given;
    for (const ReplayCandidate& one : Good(work_->Next(replay, Now(), pending, kMuch, without)))
      given.push_back(one.id);
    return given;
  };
  EXPECT_THAT(next(0), testing::ElementsAre(ids[4]));
  EXPECT_THAT(next(1), testing::ElementsAre(ids[4], ids[1]));
  EXPECT_THAT(next(5), testing::ElementsAre(ids[4], ids[1]));
}

// ---- what both ledgers do alike

TEST_P(ReplayProgressConformance, P5_ARowWithoutAStatusIsAskedUntilItsTimeForAnAnswerIsOver) {
  UseReplays({.shape = PlatformShape::kPlainJobs});
  const ExecutionTable table = TableOf(PlatformShape::kPlainJobs);
  const Judgement letter = Failed(Number(1), table.failable.front(), table.failed);
  const Judgement other = Failed(Number(2), table.failable.front(), table.failed);
  const ReplayId replay = Make({IdOf(letter), IdOf(other)});
  Lease(driver_);
  for (const Judgement* one : {&letter, &other}) {
    EXPECT_EQ(ClaimLetter(replay, *one).verdict, ClaimVerdict::kClaimed);
    Mark(replay, *one, ReplayMark::kSent);
    ledger_->ClearStatus(*one->letter.execution_id);
  }
  EXPECT_THAT(Follow(replay), testing::IsEmpty());
  ledger_->SetStatus(Number(1), table.final_statuses.front());
  EXPECT_EQ(Follow(replay).at(ReplayEnd::kSucceeded), 1);
  EXPECT_EQ(Follow(replay, Now() + std::chrono::hours(2)).at(ReplayEnd::kNoAnswer), 1);
  EXPECT_EQ(PartOf(replay, other).detail, "the execution has no status");
}

TEST_P(ReplayProgressConformance, P5_AReplayEndsThoughTheRecordsOfItsLettersAreGone) {
  std::vector<Judgement> letters;
  std::vector<LetterId> ids;
  for (int number = 1; number <= 4; ++number) {
    letters.push_back(Failed(Number(number)));
    ids.push_back(IdOf(letters.back()));
  }
  const Judgement& pending = letters[0];
  const Judgement& unsent = letters[1];
  const Judgement& sent = letters[2];
  const Judgement& claimed = letters[3];
  const ReplayId replay = Make(ids);
  Lease(driver_);
  for (const Judgement* one : {&unsent, &sent, &claimed})
    EXPECT_EQ(ClaimLetter(replay, *one).verdict, ClaimVerdict::kClaimed);
  Mark(replay, unsent, ReplayMark::kUnsent);
  Mark(replay, sent, ReplayMark::kSent);
  const auto claimed_at = PartOf(replay, claimed).claimed_at;
  ledger_->Meddle("DELETE FROM {{letter}}");

  const auto next = Good(work_->Next(replay, Now(), 10, kMuch, {}));
  ASSERT_EQ(next.size(), 2U);
  for (const ReplayCandidate& one : next)
    EXPECT_EQ(one.unreadable, "the letter is not in the ledger any more");
  EXPECT_EQ(ClaimLetter(replay, pending).verdict, ClaimVerdict::kLeft);
  EXPECT_EQ(ClaimLetter(replay, unsent).verdict, ClaimVerdict::kLeft);
  EXPECT_EQ(MarkOf(replay, pending, ReplayMark::kWithdrawn, {}).at(ReplayEnd::kWithdrawn), 1);
  EXPECT_EQ(MarkOf(replay, unsent, ReplayMark::kUnroutable, {}).at(ReplayEnd::kUnroutable), 1);
  EXPECT_EQ(MarkOf(replay, claimed, ReplayMark::kUnroutable, claimed_at).at(ReplayEnd::kUnroutable),
            1);
  EXPECT_EQ(Follow(replay).at(ReplayEnd::kNoAnswer), 1);
  EXPECT_EQ(PartOf(replay, sent).detail, "the letter is not in the ledger any more");
  EXPECT_EQ(ShowReplay(replay).state, ReplayState::kDone);
}

TEST_P(ReplayProgressConformance, P3_ASecondLetterOfAnExecutionIsToldThatAnotherOneIsReplayed) {
  const char* const kWhy = "another letter of its execution is replayed";
  // The first one failed it, was failed itself by nobody since; the second one never did.
  for (const bool together : {true, false}) {
    UseReplays({});
    Put(Number(1));
    const Judgement parked = Ends(LetterBuilder(Number(1)).Build(), Outcome::kParked);
    EXPECT_EQ(OutcomeOf(parked), Outcome::kParked);
    const Judgement older = Fails(LetterBuilder(Number(1)));
    EXPECT_EQ(OutcomeOf(older), Outcome::kFailed);
    const ReplayId replay = Make({IdOf(older), IdOf(parked)});
    Lease(driver_);
    std::vector<ReplayClaim> claims = {ClaimOf(older), ClaimOf(parked)};
    if (!together) {
      EXPECT_EQ(ClaimLetter(replay, older).verdict, ClaimVerdict::kClaimed);
      claims = {ClaimOf(parked)};
    }
    EXPECT_EQ(Good(work_->Claim(replay, driver_, claims, Now())).back().verdict,
              ClaimVerdict::kWithdrawn);
    EXPECT_EQ(PartOf(replay, parked).detail, kWhy) << together;
    EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  }
  // Both could have been, and one of them is.
  UseReplays({});
  Put(Number(1));
  const Judgement one = Ends(LetterBuilder(Number(1)).Build(), Outcome::kParked);
  const Judgement two = Ends(LetterBuilder(Number(1)).Build(), Outcome::kParked);
  EXPECT_EQ(Settle({one, two}).size(), 2u);
  const ReplayId replay = Make({IdOf(one), IdOf(two)});
  Lease(driver_);
  const std::vector<ReplayClaim> claims = {ClaimOf(one), ClaimOf(two)};
  EXPECT_EQ(Good(work_->Claim(replay, driver_, claims, Now())).at(1).verdict,
            ClaimVerdict::kWithdrawn);
  EXPECT_EQ(PartOf(replay, two).detail, kWhy);
}

// So many that their leases are not all renewed at once.
TEST_P(ReplayProgressConformance, P3_AReplayWhoseLeaseHasEndedIsNotDrivenUntilItIsRenewed) {
  constexpr int kReplays = 101;
  for (int number = 1; number <= kReplays; ++number) (void)Make({IdOf(Failed(Number(number)))});
  const Instant begin = Now();
  Lease(driver_, begin);
  EXPECT_THAT(Good(work_->Lease(driver_, begin, kDriverLease, {})), testing::SizeIs(kReplays));
  const Instant later = begin + kDriverLease + std::chrono::seconds(1);
  EXPECT_THAT(Good(work_->Lease(driver_, later, kDriverLease, {})), testing::SizeIs(kReplays - 1));
  EXPECT_THAT(Good(work_->Lease(driver_, later, kDriverLease, {})), testing::SizeIs(kReplays));
}

TEST_P(ReplayProgressConformance, P9_SentLettersAreFollowedPartByPart) {
  std::vector<LetterId> ids;
  std::vector<Judgement> letters;
  for (int number = 1; number <= 3; ++number) {
    letters.push_back(Failed(Number(number)));
    ids.push_back(IdOf(letters.back()));
  }
  const ReplayId replay = Make(ids);
  Lease(driver_);
  for (const Judgement& letter : letters) {
    EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kClaimed);
    Mark(replay, letter, ReplayMark::kSent);
  }
  const auto follow = [&](std::optional<LetterId> after) {
    return Good(work_->Follow(replay, after, 2, Now())).up_to;
  };
  EXPECT_EQ(follow(std::nullopt), ids[1]);
  ledger_->SetStatus(Number(1), "completed");
  EXPECT_EQ(follow(ids[1]), std::nullopt) << "the end was reached";
  EXPECT_EQ(PartOf(replay, letters[0]).step, ReplayStep::kSent) << "it was not asked for";
  EXPECT_EQ(follow(std::nullopt), ids[1]);
  EXPECT_EQ(PartOf(replay, letters[0]).end, ReplayEnd::kSucceeded);
}

// ---- a touch that is nobody's work

// Whatever renews `updated` looks like a worker, or like somebody who has scheduled the work anew:
// what is not sure to be ours alone is left as it is, and the letter is open.
TEST_P(ReplayProgressConformance, P2_ATouchOfTheRowBetweenClaimAndMarkIsTakenForSomebodysWork) {
  const auto touch = [&](const ExecutionId& id) { ledger_->SetStatus(id, "scheduled"); };
  std::vector<Judgement> letters;
  for (int number = 1; number <= 3; ++number) letters.push_back(Failed(Number(number)));
  const Judgement& nobodys = letters[0];
  const Judgement& unsent = letters[1];
  const Judgement& sent = letters[2];

  const ReplayId first = Claimed(nobodys);
  touch(Number(1));
  EXPECT_EQ(Mark(first, nobodys, ReplayMark::kUnroutable).at(ReplayEnd::kUnroutable), 1);

  const ReplayId second = Claimed(unsent);
  Mark(second, unsent, ReplayMark::kUnsent);
  touch(Number(2));
  ExpectWithdrawn(second, unsent, "the execution waits for it no longer");

  const ReplayId third = Claimed(sent);
  const Instant stamp = UpdatedOf(Number(3));
  touch(Number(3));
  Mark(third, sent, ReplayMark::kSent);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(3)).Replay(third).Attempt(stamp))),
            Outcome::kStaleAttempt)
      << "its message, dying";
  Follow(third, Now() + std::chrono::hours(2));

  for (int number = 1; number <= 3; ++number) {
    const Judgement& letter = letters[static_cast<std::size_t>(number) - 1];
    EXPECT_EQ(StatusOf(Number(number)), "scheduled");
    EXPECT_EQ(StateOf(letter), LetterState::kOpen);
    const ReplayId again = Make({IdOf(letter)});
    Lease(driver_);
    ExpectWithdrawn(again, letter, "the execution is scheduled");
    // As somebody must who knows that nobody works on it.
    ledger_->SetStatus(Number(number), "failed");
    EXPECT_NE(Claimed(letter), again);
  }
}

// ---- what there is news of

TEST_P(ReplayProgressConformance, WhichReplaysThereIsNewsOfIsToldWithoutCountingThem) {
  const Instant before = Now() - std::chrono::hours(1);
  const ReplayId going = Make({IdOf(Failed(Number(1)))});
  const Judgement letter = Failed(Number(2));
  const ReplayId done = Sent(letter);
  const auto moving = [&](Instant ended_after, std::size_t limit = 100) {
    std::vector<std::pair<ReplayId, bool>> all;
    for (const MovingReplay& replay : Good(book_->Moving(ended_after, limit)))
      all.emplace_back(replay.id, replay.ended);
    return all;
  };
  using testing::Pair;
  using testing::UnorderedElementsAre;
  EXPECT_THAT(moving(before), UnorderedElementsAre(Pair(done, false), Pair(going, false)));
  EXPECT_THAT(moving(before, 1), testing::SizeIs(1));
  ledger_->SetStatus(Number(2), "completed");
  Follow(done);
  EXPECT_TRUE(ShowReplay(done).ended_at);
  EXPECT_THAT(moving(before), UnorderedElementsAre(Pair(done, true), Pair(going, false)));
  EXPECT_THAT(moving(Now() + std::chrono::hours(1)), UnorderedElementsAre(Pair(going, false)));
}

// ---- who holds a letter, and what is over

TEST_P(ReplayProgressConformance, P5_AReplayThatStoppedAndHasEndedIsSteeredNoMore) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  Lease(driver_);
  Good(work_->Stop(replay, "there is no exchange where its messages go"));
  MarkOf(replay, letter, ReplayMark::kUnroutable, {});
  Follow(replay);
  const ReplayRecord before = ShowReplay(replay);
  ASSERT_TRUE(before.ended_at);
  const std::size_t acts = Acts().size();
  for (const ReplayCommand command :
       {ReplayCommand::kPause, ReplayCommand::kResume, ReplayCommand::kCancel}) {
    SCOPED_TRACE(static_cast<int>(command));
    const ReplaySteered steered = Steer(replay, command).value();
    EXPECT_FALSE(steered.done);
    EXPECT_TRUE(steered.ended);
    EXPECT_EQ(steered.state, ReplayState::kStopped);
    const ReplayRecord after = ShowReplay(replay);
    EXPECT_EQ(after.state, ReplayState::kStopped);
    EXPECT_EQ(after.reason, before.reason);
    EXPECT_EQ(after.ended_at, before.ended_at);
  }
  EXPECT_EQ(Acts().size(), acts);
}

// Stopped with letters that are on their way and none behind them.
TEST_P(ReplayProgressConformance, WhatStoppedAndWaitsForItsLastAnswersMayGoOnAndIsDone) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Sent(letter);
  Good(work_->Stop(replay, "why"));
  EXPECT_TRUE(Steer(replay, ReplayCommand::kResume).value().done);
  ledger_->SetStatus(Number(1), "completed");
  Follow(replay);
  EXPECT_EQ(ShowReplay(replay).state, ReplayState::kDone);
  EXPECT_TRUE(ShowReplay(replay).ended_at);
}

TEST_P(ReplayProgressConformance, ACancelSaysHowManyLettersItHasWithdrawn) {
  const Judgement sent = Failed(Number(1));
  const ReplayId replay = Make({IdOf(sent), IdOf(Failed(Number(2))), IdOf(Failed(Number(3)))});
  Lease(driver_);
  EXPECT_EQ(ClaimLetter(replay, sent).verdict, ClaimVerdict::kClaimed);
  EXPECT_EQ(Steer(replay, ReplayCommand::kPause).value().withdrawn, 0);
  EXPECT_EQ(Steer(replay, ReplayCommand::kCancel).value().withdrawn, 2);
  EXPECT_EQ(ShowReplay(replay).counts.Of(ReplayEnd::kWithdrawn), 2);
  EXPECT_EQ(Steer(replay, ReplayCommand::kCancel).value().withdrawn, 0);
}

TEST_P(ReplayProgressConformance, P3_ALetterTellsWhichReplayHoldsItUntilThatHasEndedWithIt) {
  const Judgement letter = Failed(Number(1));
  EXPECT_EQ(Show(letter).in_replay, std::nullopt);
  const ReplayId replay = Make({IdOf(letter)});
  EXPECT_EQ(Show(letter).in_replay, replay);
  Lease(driver_);
  EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kClaimed);
  Mark(replay, letter, ReplayMark::kSent);
  Good(work_->Stop(replay, "stopped ones keep what they have"));
  EXPECT_EQ(Show(letter).in_replay, replay);
  ledger_->SetStatus(Number(1), "completed");
  Follow(replay);
  EXPECT_EQ(Show(letter).in_replay, std::nullopt);
}

TEST_P(ReplayProgressConformance, P3_WhereEveryLetterIsTakenItIsSaidByWhom) {
  const Judgement one = Failed(Number(1));
  const Judgement two = Failed(Number(2));
  const Judgement three = Failed(Number(3));
  const ReplayId first = Make({IdOf(one), IdOf(two)});
  const auto of_one = Try(NewReplayId(), {IdOf(one), IdOf(two)});
  EXPECT_FALSE(of_one.made);
  EXPECT_EQ(of_one.holder, first);
  EXPECT_EQ(of_one.holders, 1);
  const ReplayId second = Make({IdOf(three)});
  const auto of_both = Try(NewReplayId(), {IdOf(one), IdOf(three)});
  EXPECT_FALSE(of_both.made);
  EXPECT_EQ(of_both.holder, std::max(first, second));
  EXPECT_EQ(of_both.holders, 2);
  EXPECT_EQ(Try(NewReplayId(), {LetterId(TimeOrderedUuid(Now()))}).holder, std::nullopt);
  EXPECT_TRUE(Steer(second, ReplayCommand::kCancel).value().done);
  EXPECT_EQ(Try(NewReplayId(), {IdOf(one), IdOf(three)}).holder, std::nullopt) << "it is made";
}

TEST_P(ReplayProgressConformance, APreviewTellsWhatWouldNotBeSent) {
  const Judgement open = Failed(Number(1));
  const Judgement taken = Failed(Number(2));
  const Judgement closed = Failed(Number(3));
  const ReplayId done = Sent(closed);
  ledger_->SetStatus(Number(3), "completed");
  Follow(done);
  EXPECT_EQ(StateOf(closed), LetterState::kClosed);
  Put(Number(4));
  const Judgement retried = Retries(LetterBuilder(Number(4)).Build(), NewReplayId(), Now());
  EXPECT_TRUE(SettleOne(retried).recorded);
  EXPECT_EQ(StateOf(retried), LetterState::kWaiting);
  EXPECT_NE(Sent(taken), done);
  for (const LetterSelection& selection :
       {LetterSelection{.ids = {IdOf(open), IdOf(taken), IdOf(closed), IdOf(retried)},
                        .filter = {}},
        LetterSelection{}}) {
    const ReplayPreview preview = Good(book_->Preview(selection));
    EXPECT_EQ(preview.letters, 4);
    EXPECT_EQ(preview.taken, 1) << "and it is not counted as waiting, too";
    EXPECT_EQ(preview.waiting, 1);
    EXPECT_EQ(preview.closed, 1);
  }
}

}  // namespace deadletter::test
