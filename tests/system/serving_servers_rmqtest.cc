// The running server over RabbitMQ and PostgreSQL.
#include "tests/support/platform_connection.h"
#include "tests/system/servers_pair.h"
#include "tests/system/serving.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, Serving, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });

namespace {

class Schema : public testing::TestWithParam<bool> {
 protected:
  World world_{ServersPair()};
  PlatformConnection admin_{world_.pair().LedgerUrl()};

  Server Serve() {
    return world_.Serve({{"DEADLETTER_LEDGER_AUTO_MIGRATE", GetParam() ? "true" : "false"}});
  }
};

// A migration of somebody else's, say: the question for the version waits.
TEST_P(Schema, AStopIsHeardWhileTheQuestionForItWaits) {
  admin_.Run("BEGIN; LOCK TABLE deadletter.migration IN ACCESS EXCLUSIVE MODE");
  Server server = Serve();
  PlatformConnection(world_.pair().LedgerUrl()).AwaitLockWaits(1);
  EXPECT_TRUE(server.StopsAsPromised());
}

TEST_P(Schema, HealthIsAnsweredWhileTheQuestionForItWaits) {
  admin_.Run("BEGIN; LOCK TABLE deadletter.migration IN ACCESS EXCLUSIVE MODE");
  Server server = Serve();
  EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  admin_.Run("COMMIT");
  EXPECT_TRUE(server.WaitUntilReady()) << server.process().output();
}

// An idle session a server is one that the platform's database could have given to somebody.
TEST_P(Schema, ItsConnectionIsLetGoOnceItIsKnown) {
  Server server = Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  EXPECT_TRUE(WaitUntil([&] {
    return admin_.Value(
               "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
               "AND pid <> pg_backend_pid() AND query LIKE '%migration%'") == "0";
  }))
      << admin_.Value(
             "SELECT string_agg(query, '; ') FROM pg_stat_activity "
             "WHERE datname = current_database()");
}

INSTANTIATE_TEST_SUITE_P(Servers, Schema, testing::Bool(), [](const auto& may_migrate) {
  return may_migrate.param ? "ThatItMayMigrate" : "ThatItMayNotMigrate";
});

}  // namespace

}  // namespace deadletter::test
