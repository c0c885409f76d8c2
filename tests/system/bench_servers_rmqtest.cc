// `deadletter bench` over RabbitMQ and PostgreSQL.
#include "broker/rabbitmq/url.h"
#include "tests/support/platform_connection.h"
#include "tests/support/private_postgres.h"
#include "tests/support/private_rabbitmq.h"
#include "tests/system/bench.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {
namespace {

PrivateRabbitMq& NodeOf(World& world) {
  return dynamic_cast<OnRabbitMq&>(world.pair()).node();
}

const std::string& VhostOf(World& world) {
  return dynamic_cast<OnRabbitMq&>(world.pair()).vhost();
}

std::vector<std::string> BenchSchemas(World& world) {
  std::vector<std::string> schemas;
  PlatformConnection database(world.pair().LedgerUrl());
  for (const auto& row :
       database.Ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'deadletter\\_bench\\_%'"))
    schemas.push_back(row.at(0).value_or(""));
  return schemas;
}

// The node's own list: the management API is a moment behind.
std::vector<std::string> BenchQueues(World& world) {
  std::vector<std::string> names;
  for (const char* list : {"list_queues", "list_exchanges"}) {
    for (const std::string& line :
         LinesOf(NodeOf(world).Control({list, "--silent", "-p", VhostOf(world), "name"}))) {
      if (line.starts_with("deadletter.bench.")) names.push_back(line);
    }
  }
  return names;
}

std::int64_t FailedInSchemas(World& world) {
  PlatformConnection database(world.pair().LedgerUrl());
  std::int64_t failed = 0;
  for (const std::string& schema : BenchSchemas(world)) {
    failed += std::stoll(
        database.Value("SELECT count(*) FROM " + schema + ".execution WHERE status = 'failed'"));
  }
  return failed;
}

INSTANTIATE_TEST_SUITE_P(Servers, Bench,
                         testing::Values(BenchPair{ServersPair(), BenchSchemas, BenchQueues,
                                                   FailedInSchemas}),
                         [](const auto&) { return "Pair"; });

class BenchOnServers : public testing::Test {
 protected:
  PlatformConnection Platform() { return PlatformConnection(world_.pair().LedgerUrl()); }
  Finished Measure(const std::map<std::string, std::string>& environment) {
    return world_.Run({"bench", "--letters", "100", "--runs", "1"}, environment);
  }
  std::map<std::string, std::string> AsUser(const std::string& configure, const std::string& write,
                                            const std::string& read) {
    const std::string user = "clerk-" + FormatUuid(RandomUuid());
    NodeOf(world_).AddUser(user, "place");
    NodeOf(world_).SetPermissions(VhostOf(world_), user, configure, write, read);
    const std::string url = NodeOf(world_).AmqpUrl(VhostOf(world_));
    return {{"DEADLETTER_BROKER_URL", "amqp://" + user + ":place" + url.substr(url.find('@'))}};
  }
  std::map<std::string, std::string> AsRole(const std::string& role) {
    PlatformConnection platform = Platform();
    platform.Run("DROP ROLE IF EXISTS " + role + "; CREATE ROLE " + role +
                 " LOGIN PASSWORD 'place'");
    const std::string url = world_.pair().LedgerUrl();
    return {
        {"DEADLETTER_LEDGER_URL", "postgresql://" + role + ":place" + url.substr(url.find('@'))}};
  }
  void ExpectRefused(const Finished& bench, const std::vector<std::string>& said) {
    EXPECT_EQ(bench.status, 1) << bench.output;
    EXPECT_EQ(LinesOf(bench.output).size(), 1U) << bench.output;
    for (const std::string& part : said) EXPECT_THAT(bench.output, testing::HasSubstr(part));
    EXPECT_THAT(BenchSchemas(world_), testing::IsEmpty());
    EXPECT_THAT(BenchQueues(world_), testing::IsEmpty());
  }

  World world_{ServersPair()};
};

// Its own name is all that it needs a right on, and the database's CREATE.
TEST_F(BenchOnServers, NeedsRightsOnItsOwnNamesOnlyAndSaysWhichAreMissing) {
  const std::string own = "^deadletter\\.bench\\.";
  ExpectRefused(Measure(AsUser("^$", own, own)),
                {"bench: broker: declaring queue deadletter.bench.", "needs the rights configure",
                 "rabbitmqctl set_permissions"});
  ExpectRefused(Measure(AsUser(own, "^$", own)),
                {"bench: broker: ", "needs the rights configure, write and read"});
  ExpectRefused(Measure(AsUser(own, own, "^$")),
                {"bench: broker: ", "needs the rights configure, write and read"});
  const Finished good = Measure(AsUser(own, own, own));
  EXPECT_EQ(good.status, 0) << good.output;
  EXPECT_THAT(BenchQueues(world_), testing::IsEmpty());
}

TEST_F(BenchOnServers, SaysThatItMayNotMakeASchemaAndTheGrantMendsIt) {
  const auto clerk = AsRole("bench_clerk");
  const Finished refused = Measure(clerk);
  ExpectRefused(refused, {"bench: ledger: permission denied for database"});
  const auto begin = refused.output.find("GRANT CREATE ON DATABASE ");
  ASSERT_NE(begin, std::string::npos) << refused.output;
  Platform().Run(refused.output.substr(begin));
  const Finished good = Measure(clerk);
  EXPECT_EQ(good.status, 0) << good.output;
  EXPECT_THAT(BenchSchemas(world_), testing::IsEmpty());
  Platform().Run("DROP OWNED BY bench_clerk; DROP ROLE bench_clerk");
}

// Whoever calls a schema like one of ours has not written on it what we do.
TEST_F(BenchOnServers, LeavesASchemaAloneThatOnlyLooksLikeItsOwn) {
  Platform().Run("CREATE SCHEMA deadletter_bench_0123456789ab");
  const Finished bench = Measure({});
  EXPECT_EQ(bench.status, 0) << bench.output;
  EXPECT_THAT(BenchSchemas(world_), testing::ElementsAre("deadletter_bench_0123456789ab"));
}

// Somebody finishes executions before their letters are settled.
TEST_F(BenchOnServers, AnExecutionThatIsNotFailedIsAnErrorAndNoMeasurement) {
  ChildProcess bench({DEADLETTER_BINARY_DIR "/deadletter", "bench", "--letters", "3000", "--runs",
                      "20", "--config", world_.config_file()},
                     {{}, world_.folder()});
  PlatformConnection platform = Platform();
  ASSERT_TRUE(WaitUntil([&] {
    const std::vector<std::string> schemas = BenchSchemas(world_);
    return !schemas.empty() &&
           !platform
                .Ask("UPDATE " + schemas.front() +
                     ".execution SET status = 'completed' WHERE status = 'scheduled' RETURNING id")
                .empty();
  })) << bench.output();
  EXPECT_EQ(bench.WaitForExit(kPatience), 1);
  EXPECT_EQ(bench.standard_output(), "");
  EXPECT_THAT(bench.output(), testing::HasSubstr("bench: run 1 of 20, road: a letter did not fail "
                                                 "its execution, but ended as not_failable\n"));
  EXPECT_THAT(BenchSchemas(world_), testing::IsEmpty());
  EXPECT_THAT(BenchQueues(world_), testing::IsEmpty());
}

TEST_F(BenchOnServers, ServersThatAreAwayAreOneLine) {
  for (const auto& [key, url] :
       {std::pair("DEADLETTER_BROKER_URL", "amqp://127.0.0.1:1"),
        std::pair("DEADLETTER_LEDGER_URL", "postgresql://127.0.0.1:1/nowhere")}) {
    ExpectRefused(Measure({{key, url}}), {"deadletter: bench: "});
  }
}

}  // namespace
}  // namespace deadletter::test
