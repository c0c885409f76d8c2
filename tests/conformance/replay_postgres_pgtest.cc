// The suite of the replays' ports over PostgreSQL, and what only PostgreSQL can do to a claim.
#include "tests/conformance/postgres_ledger_under_test.h"
#include "tests/conformance/replay_answer_conformance.h"
#include "tests/conformance/replay_claim_conformance.h"
#include "tests/conformance/replay_driver_conformance.h"
#include "tests/conformance/replay_progress_conformance.h"
#include "tests/conformance/replay_states_conformance.h"

namespace deadletter::test {
namespace {

// In the suite's one database, which every test finds empty.
std::unique_ptr<LedgerUnderTest> MakeReplayLedger(const LedgerSetup& setup) {
  static const std::string url = SharedPostgres().MakeDatabase("replays");
  return std::make_unique<PostgresLedgerUnderTest>(setup, url);
}

class LateClaims : public ReplayConformance {
 protected:
  [[nodiscard]] std::jthread ClaimBeside(ReplayWork& work, ReplayId replay,
                                         const Judgement& judgement, ClaimedLetter& claimed) {
    return std::jthread([&, replay] {
      const ReplayClaim claim = ClaimOf(judgement);
      claimed = Good(work.Claim(replay, driver_, std::span(&claim, 1), Now())).at(0);
    });
  }
};

// The answer to a claim is lost with its connection, and its transaction still waits for a lock
// when the driver claims once more: that claim looked at the letter before the first one had it.
TEST_P(LateClaims, P5_AClaimThatComesToPassBesideTheNextOneKeepsItsLetter) {
  UseReplays({.lock_timeout = std::chrono::minutes(1)});
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  Lease(driver_);
  PlatformConnection session(dynamic_cast<PostgresLedgerUnderTest&>(*ledger_).options().url);
  PlatformConnection watch(dynamic_cast<PostgresLedgerUnderTest&>(*ledger_).options().url);
  session.Run("BEGIN; SELECT FROM deadletter.letter FOR UPDATE");
  const auto lost = ledger_->OpenReplayWork();
  ClaimedLetter first;
  ClaimedLetter second;
  {
    const auto one = ClaimBeside(*lost, replay, letter, first);
    watch.AwaitLockWaits(1);
    const auto other = ClaimBeside(*work_, replay, letter, second);
    watch.AwaitLockWaits(2);
    session.Run("COMMIT");
  }
  EXPECT_EQ(first.verdict, ClaimVerdict::kClaimed);
  EXPECT_EQ(second.verdict, ClaimVerdict::kLeft);
  EXPECT_EQ(PartOf(replay, letter).step, ReplayStep::kClaimed);
  EXPECT_EQ(StateOf(letter), LetterState::kWaiting);
  // In the end it is in doubt, and somebody may replay it.
  Lease(driver_, Now() + kForgottenClaimAfter + kDriverLease);
  Follow(replay, Now() + std::chrono::hours(2));
  EXPECT_EQ(PartOf(replay, letter).end, ReplayEnd::kInDoubt);
  EXPECT_EQ(StateOf(letter), LetterState::kOpen);
  EXPECT_NE(Claimed(letter), replay);
}

// Rows of the platform's that somebody holds.
class HeldRows : public ReplayConformance {
 protected:
  [[nodiscard]] PlatformConnection Session() {
    return PlatformConnection(dynamic_cast<PostgresLedgerUnderTest&>(*ledger_).options().url);
  }
  [[nodiscard]] std::vector<LetterId> NextOf(ReplayId replay, Instant at, std::size_t pending) {
    std::vector<LetterId> ids;
    for (const ReplayCandidate& candidate : Good(work_->Next(replay, at, pending, kMuch, {})))
      ids.push_back(candidate.id);
    return ids;
  }
};

// With a rate or a ramp the first letters alone are offered.
TEST_P(HeldRows, P5_ALetterWhoseRowIsHeldIsPutOffAndTheOnesBehindItCome) {
  const Judgement held = Failed(Number(1));
  const Judgement free = Failed(Number(2));
  const ReplayId replay = Make({IdOf(held), IdOf(free)});
  Lease(driver_);
  PlatformConnection session = Session();
  session.Run("BEGIN; SELECT FROM execution WHERE id = 1 FOR UPDATE");
  EXPECT_THAT(NextOf(replay, Now(), 1), testing::ElementsAre(IdOf(held)));
  EXPECT_EQ(ClaimLetter(replay, held).verdict, ClaimVerdict::kLeft);
  const Instant left_at = Now();
  EXPECT_THAT(NextOf(replay, left_at, 1), testing::ElementsAre(IdOf(free)));
  EXPECT_THAT(NextOf(replay, left_at + kHeldRowWait, 1), testing::ElementsAre(IdOf(free)))
      << "it comes after those whose turn has not come";
  EXPECT_THAT(NextOf(replay, left_at + kHeldRowWait, 2), testing::SizeIs(2));
  EXPECT_EQ(ClaimLetter(replay, free).verdict, ClaimVerdict::kClaimed);
  EXPECT_EQ(PartOf(replay, held).step, ReplayStep::kPending);
  session.Run("COMMIT");
  EXPECT_THAT(NextOf(replay, left_at + kHeldRowWait, 1), testing::ElementsAre(IdOf(held)));
  EXPECT_EQ(ClaimLetter(replay, held).verdict, ClaimVerdict::kClaimed);
}

TEST_P(HeldRows, P5_AnUnsentLetterWhoseRowIsHeldIsPutOffLikewise) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Claimed(letter);
  Mark(replay, letter, ReplayMark::kUnsent);
  PlatformConnection session = Session();
  session.Run("BEGIN; SELECT FROM execution WHERE id = 1 FOR UPDATE");
  EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kLeft);
  const Instant left_at = Now();
  EXPECT_THAT(NextOf(replay, left_at, 0), testing::IsEmpty());
  session.Run("COMMIT");
  EXPECT_THAT(NextOf(replay, left_at + kHeldRowWait, 0), testing::ElementsAre(IdOf(letter)));
  EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kClaimed);
}

// Nobody's row is held: it was not its turn.
TEST_P(HeldRows, WhatIsLeftSinceTheReplayIsPausedIsNotPutOff) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  Lease(driver_);
  EXPECT_TRUE(Steer(replay, ReplayCommand::kPause).value().done);
  EXPECT_EQ(ClaimLetter(replay, letter).verdict, ClaimVerdict::kLeft);
  EXPECT_THAT(NextOf(replay, Now(), 1), testing::ElementsAre(IdOf(letter)));
}

// Nothing of it was claimed, so that its mark needs no row: it is not to be owed for one.
TEST_P(HeldRows, P5_P9_ALetterThatNeverWasClaimedEndsWhoeverHoldsItsRow) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  PlatformConnection session = Session();
  session.Run("BEGIN; SELECT FROM execution WHERE id = 1 FOR UPDATE");
  EXPECT_EQ(MarkOf(replay, letter, ReplayMark::kUnroutable, {}).at(ReplayEnd::kUnroutable), 1);
  session.Run("COMMIT");
  EXPECT_EQ(StatusOf(Number(1)), "failed");
}

// What a driver does when the last letter has ended, while somebody resumes: the row is locked, and
// the steering waits for it.
TEST_P(HeldRows, P5_AReplayThatEndsWhileSomebodyResumesItIsNotResumed) {
  UseReplays({.lock_timeout = std::chrono::minutes(1)});
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Make({IdOf(letter)});
  Good(work_->Stop(replay, "why"));
  PlatformConnection session = Session();
  PlatformConnection watch = Session();
  session.Run("BEGIN; UPDATE deadletter.replay SET ended_at = now()");
  std::optional<ReplaySteered> steered;
  {
    const std::jthread resume([&] { steered = Steer(replay, ReplayCommand::kResume); });
    watch.AwaitLockWaits(1);
    session.Run("COMMIT");
  }
  ASSERT_TRUE(steered);
  EXPECT_FALSE(steered->done);
  EXPECT_TRUE(steered->ended);
  EXPECT_EQ(ShowReplay(replay).state, ReplayState::kStopped);
  EXPECT_EQ(ShowReplay(replay).reason, "why");
}

// What an earlier claim touched waits for its row.
TEST_P(HeldRows, P2_AClaimedLettersExecutionIsFailedAgainOnceItsRowIsFree) {
  const Judgement letter = Failed(Number(1));
  const ReplayId replay = Claimed(letter);
  PlatformConnection session = Session();
  session.Run("BEGIN; SELECT FROM execution WHERE id = 1 FOR UPDATE");
  ReplayResult result;
  result.letter = letter.letter.id;
  result.mark = ReplayMark::kUnroutable;
  result.claimed_at = PartOf(replay, letter).claimed_at;
  result.execution = letter.letter.execution_id;
  const auto marked = work_->Mark(replay, std::span(&result, 1), Now());
  ASSERT_FALSE(marked);
  EXPECT_EQ(marked.error().fault, LedgerFault::kRowLocked);
  session.Run("COMMIT");
  EXPECT_EQ(Mark(replay, letter, ReplayMark::kUnroutable).at(ReplayEnd::kUnroutable), 1);
  EXPECT_EQ(StatusOf(Number(1)), "failed");
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Postgres, ReplayConformance, testing::Values(MakeLedger(MakeReplayLedger)),
                         [](const auto&) { return "Ledger"; });
INSTANTIATE_TEST_SUITE_P(Postgres, HeldRows, testing::Values(MakeLedger(MakeReplayLedger)),
                         [](const auto&) { return "Ledger"; });
INSTANTIATE_TEST_SUITE_P(Postgres, ReplayProgressConformance,
                         testing::Values(MakeLedger(MakeReplayLedger)),
                         [](const auto&) { return "Ledger"; });
INSTANTIATE_TEST_SUITE_P(Postgres, LateClaims, testing::Values(MakeLedger(MakeReplayLedger)),
                         [](const auto&) { return "Ledger"; });
INSTANTIATE_TEST_SUITE_P(Postgres, ReplayStatesConformance,
                         testing::Values(MakeLedger(MakeReplayLedger)),
                         [](const auto&) { return "Ledger"; });

}  // namespace deadletter::test
