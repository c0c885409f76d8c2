// The running server's events over RabbitMQ and PostgreSQL.
#include "tests/system/events.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, FollowedEvents, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });

namespace {

std::function<bool(const std::string&)> Tells(const std::string& text) {
  return [text](const std::string& data) { return data.find(text) != std::string::npos; };
}

TEST(EventsInAnOutage, P5_ThatTheBrokerIsAwayIsToldAndThatItIsBack) {
  World world(ServersPair());
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  EventReader reader(server.url());
  ASSERT_TRUE(reader.NextOf("health", Tells(R"("ready":true)")));
  world.pair().StopBroker();
  EXPECT_TRUE(reader.NextOf("health", Tells(R"("part":"broker","state":"missing")")))
      << server.process().output();
  world.pair().StartBroker();
  EXPECT_TRUE(reader.NextOf("health", Tells(R"("ready":true)"))) << server.process().output();
}

TEST(EventsInAnOutage, P5_WhileTheLedgerIsSilentHealthIsToldAndAStopIsHeard) {
  World world(GatedServersPair());
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  EventReader reader(server.url());
  ASSERT_TRUE(reader.NextOf("health", Tells(R"("ready":true)")));
  auto& gates = dynamic_cast<GatedServers&>(world.pair());
  gates.ledger_gate().Hold();
  gates.broker_gate().Refuse();
  gates.broker_gate().Cut();
  EXPECT_TRUE(reader.NextOf("health", Tells(R"("part":"broker","state":"missing")")))
      << server.process().output();
  EXPECT_TRUE(server.StopsAsPromised());
  EXPECT_TRUE(reader.EndsInOrder());
}

}  // namespace

}  // namespace deadletter::test
