// Locks that the platform takes while letters are settled: whatever it does, it is us who give way.
#include <future>

#include "tests/fault/fire.h"

namespace deadletter::test {
namespace {

class Locks : public Fire {
 protected:
  // They reach the program together, so that one transaction locks all their rows, the lowest id
  // first. A subscription begins with one letter: there must have been one before.
  void SendAsOneBatch(Server& server, int from, int until) {
    server.process().Signal(SIGSTOP);
    ASSERT_TRUE(server.process().WaitForStop(kPatience));
    SendFor(from, until);
    EXPECT_TRUE(
        WaitUntil([&] { return world_.pair().broker().ReadyMessages(kDeadLetterQueue) == 0; }));
    server.process().Signal(SIGCONT);
  }
};

// Both want the same two rows, in opposite order: one of them must lose. The platform's session has
// the server's default, a deadlock_timeout of a second; ours gives up long before.
TEST_F(Locks, P2_APlatformTransactionInTheOppositeOrderIsNeverTheVictim) {
  constexpr int kRounds = 25;
  constexpr int kRows = 6;
  Server server = world_.Serve();
  SendLetters(1);
  ASSERT_TRUE(AwaitFailed(1, 1)) << server.process().output();
  PlatformConnection platform = Platform();
  for (int round = 0; round < kRounds; ++round) {
    const int first = letters() + 1;
    const int last = letters() + kRows;
    Add(first, last);
    // It has the last row and wants the first, which we hold while we wait for the last.
    platform.Run("BEGIN; UPDATE execution SET worker = 1 WHERE id = " + std::to_string(last));
    SendAsOneBatch(server, first, last);
    platform.AwaitLockWaits(1);
    EXPECT_NO_THROW(platform.Run(
        "UPDATE execution SET worker = 1 WHERE id = " + std::to_string(first) + "; COMMIT"))
        << "round " << round;
  }
  ExpectAllIsWell(server);
  // As long as it holds a row, that row's letter was put off and nothing was said of any other.
  for (const LetterSummary& letter : world_.Letters()) {
    for (const LetterStep& step : world_.Record(letter.id).history)
      EXPECT_THAT(step.what, testing::AnyOf("failed", "event_published", "deferred"));
  }
}

// A lock_timeout above the server's deadlock_timeout, against our advice, and a platform that never
// looks for deadlocks itself: the server picks us, and we try again.
TEST_F(Locks, P2_P5_ADeadlockThatTheServerFindsCostsUsATryAndNoLetter) {
  Platform().Run(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 3000',"
      " current_database()); END $$");
  Server server = world_.Serve({{"DEADLETTER_LEDGER_LOCK_TIMEOUT", "60s"}});
  SendLetters(1);
  ASSERT_TRUE(AwaitFailed(1, 1)) << server.process().output();
  PlatformConnection platform = Platform();
  platform.Run("SET deadlock_timeout = '1h'");
  Add(2, 3);
  platform.Run("BEGIN; UPDATE execution SET worker = 1 WHERE id = 3");
  SendAsOneBatch(server, 2, 3);
  platform.AwaitLockWaits(1);
  EXPECT_NO_THROW(platform.Run("UPDATE execution SET worker = 1 WHERE id = 2; COMMIT"));
  ASSERT_TRUE(AwaitFailed(2, 3)) << server.process().output();
  // It took as long as the platform and the server's look for deadlocks.
  EXPECT_TRUE(AwaitObservationAbove(server, "deadletter_settle_seconds", "0.5"));
  ExpectAllIsWell(server);
  PlatformConnection admin = Platform();
  EXPECT_TRUE(WaitUntil([&] {
    return std::stoi(admin.Value("SELECT deadlocks FROM pg_stat_database "
                                 "WHERE datname = current_database()")) > 0;
  })) << "there was no deadlock";
}

// Who changes the platform's table, or maintains one of ours, locks it whole.
class LockedTable : public Fire, public testing::WithParamInterface<std::string> {};

TEST_P(LockedTable, P5_IsWaitedForAndNoLetterIsBlamed) {
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  PlatformConnection admin = Platform();
  Add(1, 20);
  admin.Run("BEGIN; LOCK TABLE " + GetParam() + " IN ACCESS EXCLUSIVE MODE");
  SendFor(1, 20);
  EXPECT_TRUE(server.process().WaitForLine("intake_paused", kPatience))
      << server.process().output();
  EXPECT_TRUE(AwaitReadiness(server, "lock timeout")) << HttpGet(server.url() + "/readyz").body;
  admin.Run("COMMIT");
  ExpectAllIsWell(server);
  for (const LetterSummary& letter : world_.Letters()) {
    EXPECT_EQ(letter.outcome, Outcome::kFailed);
    EXPECT_FALSE(letter.redelivered) << "given back";
  }
}

std::string TableName(const testing::TestParamInfo<std::string>& table) {
  std::string name = table.param;
  std::ranges::replace(name, '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Servers, LockedTable,
                         testing::Values("execution", "deadletter.letter", "deadletter.letter_key",
                                         "deadletter.outbox"),
                         TableName);

}  // namespace
}  // namespace deadletter::test
