// The suite of the replays' ports over PostgreSQL, and what only PostgreSQL can do to a claim.
#include "tests/conformance/postgres_ledger_under_test.h"
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

}  // namespace

INSTANTIATE_TEST_SUITE_P(Postgres, ReplayConformance, testing::Values(MakeLedger(MakeReplayLedger)),
                         [](const auto&) { return "Ledger"; });
INSTANTIATE_TEST_SUITE_P(Postgres, LateClaims, testing::Values(MakeLedger(MakeReplayLedger)),
                         [](const auto&) { return "Ledger"; });
INSTANTIATE_TEST_SUITE_P(Postgres, ReplayStatesConformance,
                         testing::Values(MakeLedger(MakeReplayLedger)),
                         [](const auto&) { return "Ledger"; });

}  // namespace deadletter::test
