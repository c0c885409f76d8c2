// That replays come to their ends whatever the clock, the platform and other drivers do. Included
// once a test program, where replay_conformance.h is.
#pragma once

#include "tests/conformance/replay_conformance.h"

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
    MarkAt(replay, letters[unsent], ReplayMark::kUnsent,
           ClaimAt(replay, letters[unsent], Now()), Now());
  const std::vector<LetterId> without = {ids[0], ids[2], ids[3]};
  const auto next = [&](std::size_t pending) {
    std::vector<LetterId> given;
    for (const ReplayCandidate& one :
         Good(work_->Next(replay, Now(), pending, kMuch, without)))
      given.push_back(one.id);
    return given;
  };
  EXPECT_THAT(next(0), testing::ElementsAre(ids[4]));
  EXPECT_THAT(next(1), testing::ElementsAre(ids[4], ids[1]));
  EXPECT_THAT(next(5), testing::ElementsAre(ids[4], ids[1]));
}

}  // namespace deadletter::test
