// The broker ports' suites over RabbitMQ: each test in a virtual host of its own, on one node for
// all.
#include "tests/conformance/broker_watch_conformance.h"
#include "tests/conformance/consumer_conformance.h"
#include "tests/conformance/death_conformance.h"
#include "tests/conformance/publisher_conformance.h"
#include "tests/conformance/rabbitmq_under_test.h"
#include "tests/conformance/topology_conformance.h"
#include "tests/conformance/work_queue_conformance.h"

namespace deadletter::test {
namespace {

BrokerFactory RabbitMq() {
  return {"RabbitMq", [] { return std::make_unique<RabbitUnderTest>(); }};
}

INSTANTIATE_TEST_SUITE_P(Broker, BrokerWatchConformance, testing::Values(RabbitMq()), BrokerName);
INSTANTIATE_TEST_SUITE_P(Broker, ConsumerConformance, testing::Values(RabbitMq()), BrokerName);
INSTANTIATE_TEST_SUITE_P(Broker, DeathConformance, testing::Values(RabbitMq()), BrokerName);
INSTANTIATE_TEST_SUITE_P(Broker, PublisherConformance, testing::Values(RabbitMq()), BrokerName);
INSTANTIATE_TEST_SUITE_P(Broker, TopologyConformance, testing::Values(RabbitMq()), BrokerName);
INSTANTIATE_TEST_SUITE_P(Broker, WorkQueueConformance, testing::Values(RabbitMq()), BrokerName);

}  // namespace
}  // namespace deadletter::test
