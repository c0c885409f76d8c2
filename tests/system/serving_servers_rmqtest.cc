// The running server over RabbitMQ and PostgreSQL.
#include <functional>
#include <thread>

#include "tests/support/platform_connection.h"
#include "tests/system/figures.h"
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

// What docs/operations.md says that a server takes, so that max_connections can be planned.
class Connections : public testing::Test {
 protected:
  explicit Connections(WorldOptions options = {}) : world_(ServersPair(), std::move(options)) {}

  // Beside those of the test.
  [[nodiscard]] int Count() {
    return std::stoi(admin_.Value("SELECT count(*) FROM pg_stat_activity WHERE datname = "
                                  "current_database() AND application_name = 'deadletter'")) -
           before_;
  }
  // Nobody takes one later: each loop has had its turn once all that it does at first is done.
  [[nodiscard]] bool Become(int wanted) {
    return WaitUntil([&] { return Count() == wanted; });
  }

  World world_;
  PlatformConnection admin_{world_.pair().LedgerUrl()};
  int before_ = 0;
};

TEST_F(Connections, P9_AServerTakesSixAndOneForEachQueueAndOneForEachKindOfCallTwice) {
  constexpr int kQueues = 2;
  constexpr int kOfLoops = 6 + kQueues;
  before_ = Count();
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  const std::string url = server.url();
  EXPECT_TRUE(Become(kOfLoops)) << Count();

  const std::string nobodys = "01980000-0000-7000-8000-0000000000ff";
  const std::string nowhere = R"({"filter":{"execution_id":"nobody's"},"dry_run":true})";
  const std::vector<std::function<HttpAnswer()>> kinds = {
      [&] { return HttpGet(url + "/v1/letters"); },
      [&] { return HttpGet(url + "/v1/executions/1/explain"); },
      [&] { return HttpGet(url + "/v1/audit"); },
      [&] { return HttpPost(url + "/v1/letters/" + nobodys + "/notes", R"({"text":"x"})"); },
      [&] { return HttpPost(url + "/v1/discards", nowhere); },
      [&] { return HttpGet(url + "/v1/replays"); },
      [&] { return HttpGet(url + "/v1/groups"); }};
  for (int round = 0; round < 2; ++round) {
    for (const auto& call : kinds) {
      const HttpAnswer answer = call();
      EXPECT_TRUE(answer.status != 0 && answer.status < 500) << answer.status << answer.body;
    }
    EXPECT_TRUE(Become(kOfLoops + static_cast<int>(kinds.size()))) << Count();
  }

  // Two at once of a kind, and a third one waits its turn.
  // By a connection of its own: within a transaction the figures stand still.
  PlatformConnection lock(world_.pair().LedgerUrl());
  lock.Run("BEGIN; LOCK TABLE deadletter.audit IN ACCESS EXCLUSIVE MODE");
  std::vector<std::jthread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] { EXPECT_NE(HttpGet(url + "/v1/audit").status, 0); });
  }
  EXPECT_TRUE(Become(kOfLoops + static_cast<int>(kinds.size()) + 1)) << Count();
  lock.Run("COMMIT");
  callers.clear();
  EXPECT_EQ(Count(), kOfLoops + static_cast<int>(kinds.size()) + 1);
}

class ConnectionsInAFlood : public Connections {
 protected:
  ConnectionsInAFlood() : Connections(SmallBatches()) {}

 private:
  static WorldOptions SmallBatches() {
    WorldOptions options;
    options.toml = "[intake]\nbatch_letters = 20\n";
    return options;
  }
};

TEST_F(ConnectionsInAFlood, P9_AQueuesFirstFloodTakesOneMoreAndTheNextTheSame) {
  constexpr int kOfLoops = 8;
  before_ = Count();
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  EXPECT_TRUE(Become(kOfLoops)) << Count();
  for (int flood = 1; flood <= 2; ++flood) {
    const std::vector<Message> letters(500, World::DeadMessage(world_.Envelope("\"nobody's\"")));
    world_.Publish({kDeadLetterExchange, "execution.dispatch.worker.7"}, letters);
    EXPECT_TRUE(WaitUntil([&] {
      return FigureOf(server, "deadletter_letters_received_total", "queue") >= 500 * flood;
    })) << server.GetText("/metrics");
    EXPECT_TRUE(Become(kOfLoops + 1)) << Count();
  }
}

}  // namespace

}  // namespace deadletter::test
