// What a PostgreSQL does to its clients without going away: it ends their sessions, cancels their
// statements, has no place for them, or comes back from a crash.
#include "tests/fault/sleeping_updates.h"
#include "tests/support/private_postgres.h"

namespace deadletter::test {
namespace {

class LedgerTrouble : public SleepingUpdates {};

TEST_F(LedgerTrouble, P1_P5_AServerThatCrashesUnderLoadIsWaitedFor) {
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  SendLetters(300);
  Add(301, 350);
  ASSERT_TRUE(WaitUntil([&] { return HasFailed(1); }));
  SharedPostgres().Kill();
  SendFor(301, 350);
  EXPECT_TRUE(server.process().WaitForLine("outbox_away", kPatience));
  EXPECT_TRUE(server.process().WaitForLine("intake_paused", kPatience));
  EXPECT_TRUE(AwaitReadiness(server, "intake of attune.dlx.queue"))
      << HttpGet(server.url() + "/readyz").body;
  world_.pair().StartLedger();
  SendLetters(50);
  ExpectAllIsWell(server);
}

TEST_F(LedgerTrouble, P5_AStatementThatSomebodyCancelsIsSettledAgainAndNoLetterIsBlamed) {
  MakeUpdatesSleep({3});
  Server server = world_.Serve();
  SendLetters(20);
  DoToTheSleeper("pg_cancel_backend");
  const auto paused = server.process().WaitForLine("intake_paused", kPatience);
  ASSERT_TRUE(paused) << server.process().output();
  EXPECT_NE(paused->find("57014"), std::string::npos) << *paused;
  ExpectAllIsWell(server);
  ExpectNothingWasGivenBack();
}

TEST_F(LedgerTrouble, P5_ASessionThatSomebodyTerminatesInTheMiddleOfASettleIsOpenedAgain) {
  MakeUpdatesSleep({3});
  Server server = world_.Serve();
  SendLetters(20);
  DoToTheSleeper("pg_terminate_backend");
  const auto paused = server.process().WaitForLine("intake_paused", kPatience);
  ASSERT_TRUE(paused) << server.process().output();
  EXPECT_NE(paused->find("unavailable"), std::string::npos) << *paused;
  EXPECT_NE(paused->find("57P01"), std::string::npos) << *paused;
  ExpectAllIsWell(server);
  ExpectNothingWasGivenBack();
}

// Between its two round trips a settle holds rows of the platform's, and the server waits for us.
TEST_F(LedgerTrouble, P5_AServerThatHangsInTheMiddleOfASettleHoldsNoRowForLong) {
  const std::string order_file = world_.folder() + "/stop_at";
  Server server = world_.Serve({{"DEADLETTER_FAULT_FILE", order_file}});
  SendLetters(1);
  ASSERT_TRUE(AwaitFailed(1, 1)) << server.process().output();
  StopAtNext(order_file, "settle.moved");
  SendLetters(1);
  ASSERT_TRUE(server.process().WaitForStop(kPatience));
  PlatformConnection platform = Platform();
  platform.Run(
      "BEGIN; SET LOCAL lock_timeout = '30s'; SELECT 1 FROM execution WHERE id = 2 FOR UPDATE; "
      "COMMIT");
  server.process().Signal(SIGCONT);
  const auto paused = server.process().WaitForLine("intake_paused", kPatience);
  ASSERT_TRUE(paused) << server.process().output();
  EXPECT_NE(paused->find("unavailable"), std::string::npos) << *paused;
  EXPECT_NE(paused->find("25P03"), std::string::npos) << *paused;
  ExpectAllIsWell(server);
  ExpectNothingWasGivenBack();
}

TEST_F(LedgerTrouble, P5_AllSessionsTerminatedAgainAndAgainCostNothing) {
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  PlatformConnection admin = Platform();
  for (int round = 0; round < 20; ++round) {
    SendLetters(20);
    admin.Run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'deadletter'");
  }
  ExpectAllIsWell(server);
}

// What is set for the database holds for sessions that do not say otherwise, as ours do not of this
// one: they are opened again. (What idles in a transaction: submit_session_rmqtest.cc.)
TEST_F(LedgerTrouble, P5_TimeoutsForIdleSessionsStopNothing) {
  Platform().Run(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET idle_session_timeout = 300',"
      " current_database()); END $$");
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  const std::string ours =
      "FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
      "'deadletter'";
  const std::string first = Platform().Value("SELECT string_agg(pid::text, ',') " + ours);
  for (int round = 0; round < 10; ++round) {
    SendLetters(5);
    EXPECT_TRUE(AwaitFailed(letters() - 4, letters())) << server.process().output();
  }
  EXPECT_TRUE(WaitUntil([&] {
    return Platform().Value("SELECT count(*) " + ours +
                                " AND pid::text = ANY(string_to_array($1, "
                                "','))",
                            {first}) == "0";
  })) << "none of them was ended";
  ExpectAllIsWell(server);
}

TEST_F(LedgerTrouble, P5_AServerWithoutAPlaceForUsIsWaitedForAndNamed) {
  const std::string url = world_.pair().LedgerUrl();
  const std::string scheme = "postgresql://";
  const std::string role = "crowded" + url.substr(url.rfind('/') + 1);
  Platform().Run("CREATE ROLE " + role +
                 " LOGIN PASSWORD 'place'; GRANT ALL ON SCHEMA public, "
                 "deadletter TO " +
                 role +
                 "; GRANT ALL ON ALL TABLES IN SCHEMA public, deadletter "
                 "TO " +
                 role + "; GRANT ALL ON ALL SEQUENCES IN SCHEMA public, deadletter TO " + role);
  Server server = world_.Serve(
      {{"DEADLETTER_LEDGER_URL", scheme + role + ":place" + url.substr(url.find('@'))}});
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  Platform().Run("ALTER ROLE " + role +
                 " CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                 "WHERE usename = '" +
                 role + "'");
  SendLetters(20);
  EXPECT_TRUE(AwaitReadiness(server, "too many connections for role"))
      << HttpGet(server.url() + "/readyz").body;
  EXPECT_TRUE(server.process().WaitForLine("intake_paused", kPatience));
  Platform().Run("ALTER ROLE " + role + " CONNECTION LIMIT -1");
  ExpectAllIsWell(server);
}

}  // namespace
}  // namespace deadletter::test
