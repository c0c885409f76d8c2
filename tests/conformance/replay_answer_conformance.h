// What becomes of a replay's messages with every ReplayWork, and so of their letters. Included once
// a test program.
#pragma once

#include "tests/conformance/replay_fixture.h"

namespace deadletter::test {

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
