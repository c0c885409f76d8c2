#include "app/bench_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deadletter {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// A user's, with something of his own wherever something can be.
Config Theirs(Pair pair) {
  Config config;
  config.pair = pair;
  config.broker.path = "/theirs/queues.sqlite3";
  config.broker.urls = {"amqp://rabbit.example"};
  config.ledger.path = "/theirs/ledger.sqlite3";
  config.ledger.url = "postgresql://db.example/theirs";
  config.ledger.schema = "theirs";
  config.ledger.auto_migrate = false;
  config.data_dir = "/theirs";
  config.queues = {{.name = "their.dlq", .consumer_tag = "tag", .prefetch = 77, .optional = true},
                   {.name = "their.other", .consumer_tag = "tag"}};
  config.intake.batch_letters = 123;
  config.topology.worker_ids = {"their-1"};
  config.executions.table = "theirs.jobs";
  config.executions.failed = "broken";
  config.executions_mode = ExecutionsMode::kObserve;
  config.letter.execution_types = {"TheirRequest"};
  config.events.enabled = false;
  config.events.exchange = "their.executions";
  config.events.routing_key = "their.key";
  config.policies = {Rule{.name = "theirs", .match = {}, .retry = {}}};
  return config;
}

TEST(BenchConfig, NamesNothingOfTheUsersButHowItIsReached) {
  const BenchNames names = NewBenchNames();
  const Config config = BenchConfig(Theirs(Pair::kServers), names, "");
  EXPECT_THAT(config.broker.urls, testing::ElementsAre("amqp://rabbit.example"));
  EXPECT_EQ(config.ledger.url, "postgresql://db.example/theirs");
  EXPECT_EQ(config.queues.front().prefetch, 77U);
  EXPECT_EQ(config.intake.batch_letters, 123U);
  EXPECT_EQ(config.ledger.schema, names.schema);
  EXPECT_TRUE(config.ledger.auto_migrate);
  EXPECT_EQ(config.executions.table, names.schema + ".execution");
  EXPECT_EQ(config.executions.failed, "failed");
  EXPECT_EQ(config.executions_mode, ExecutionsMode::kFail);
  ASSERT_EQ(config.queues.size(), 1U);
  EXPECT_EQ(config.queues.front().name, names.queues.letters_queue);
  EXPECT_FALSE(config.queues.front().optional);
  EXPECT_TRUE(config.events.enabled);
  EXPECT_EQ(config.events.exchange, names.queues.exchange);
  EXPECT_EQ(config.events.routing_key, names.queues.events_queue);
  EXPECT_THAT(config.policies, IsEmpty());
  EXPECT_THAT(config.topology.worker_ids, IsEmpty());
  EXPECT_FALSE(config.letter.execution_types.contains("TheirRequest"));
}

TEST(BenchConfig, EmbeddedFilesAreInTheFolderThatIsGiven) {
  const Config config = BenchConfig(Theirs(Pair::kEmbedded), NewBenchNames(), "/ours");
  EXPECT_THAT(config.broker.path, StartsWith("/ours/"));
  EXPECT_THAT(config.ledger.path, StartsWith("/ours/"));
  EXPECT_EQ(config.data_dir, "/ours");
}

TEST(BenchNames, AreOthersEachTimeAndSayWhoseTheyAre) {
  const BenchNames one = NewBenchNames();
  const BenchNames other = NewBenchNames();
  EXPECT_NE(one.schema, other.schema);
  EXPECT_NE(one.folder, other.folder);
  EXPECT_THAT(one.schema, testing::MatchesRegex("deadletter_bench_[0-9a-f]{12}"));
  EXPECT_THAT(one.folder, testing::MatchesRegex("deadletter-bench-[0-9a-f]{12}"));
  for (const std::string& name : {one.queues.exchange, one.queues.dying_queue,
                                  one.queues.letters_queue, one.queues.events_queue})
    EXPECT_THAT(name, StartsWith("deadletter.bench."));
  EXPECT_THAT(one.queues.letters_queue, Not(HasSubstr(other.queues.exchange)));
}

}  // namespace
}  // namespace deadletter
