#include "app/demo_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deadletter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

Config Given(const std::map<std::string, std::string>& settings) {
  ConfigSources sources;
  sources.working_dir.clear();
  sources.system_file.clear();
  for (const auto& [key, text] : settings) sources.flags[key] = {"test", text};
  const auto config = LoadConfig(sources);
  EXPECT_TRUE(config) << (config ? "" : config.error().message);
  return config ? *config : Config();
}

TEST(DemoConfig, NothingOnTheBrokerIsCalledAsAPlatformCallsIt) {
  const Config config = DemoConfig(
      Given({{"broker.url", "amqp://rabbit.example"}, {"ledger.url", "postgresql://db.example"}}),
      "unused");
  EXPECT_EQ(config.ledger.url, "postgresql://db.example");
  const TopologyPlan& plan = config.topology;
  for (const std::string& name :
       {plan.dlx, plan.dlq, plan.unrouted_exchange, plan.unrouted_queue, plan.dispatch_exchange,
        plan.WorkerQueueName("1"), plan.listeners.front().queue, plan.listeners.front().exchange,
        config.events.exchange, config.queues.front().name}) {
    EXPECT_THAT(name, StartsWith("deadletter.demo."));
  }
  EXPECT_EQ(config.queues.size(), 1u);
  EXPECT_EQ(config.queues.front().name, plan.dlq);
  EXPECT_THAT(plan.dead_letter_queues, ElementsAre(plan.dlq));
}

TEST(DemoConfig, EmbeddedFilesAreInItsFolderWhateverWasGiven) {
  const Config config = DemoConfig(
      Given({{"broker.url", "embedded:/var/lib/queues"}, {"ledger.url", "sqlite:/var/lib/ledger"}}),
      "/tmp/demo");
  EXPECT_EQ(config.broker.path, "/tmp/demo/queues.sqlite3");
  EXPECT_EQ(config.ledger.path, "/tmp/demo/ledger.sqlite3");
}

TEST(DemoConfig, NoRuleKeepsItsExecutionsFromFailing) {
  Config given = Given({});
  given.policies.emplace_back();
  EXPECT_THAT(DemoConfig(given, "/tmp/demo").policies, IsEmpty());
}

}  // namespace
}  // namespace deadletter
