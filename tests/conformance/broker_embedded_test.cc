// The suites of the broker ports over the embedded queue file.
#include "tests/conformance/broker_watch_conformance.h"
#include "tests/conformance/consumer_conformance.h"
#include "tests/conformance/death_conformance.h"
#include "tests/conformance/embedded_broker_under_test.h"
#include "tests/conformance/publisher_conformance.h"
#include "tests/conformance/topology_conformance.h"
#include "tests/conformance/work_queue_conformance.h"

namespace deadletter::test {
namespace {

BrokerFactory Embedded() {
  return {"Embedded", [] { return std::make_unique<EmbeddedBrokerUnderTest>(); }};
}

INSTANTIATE_TEST_SUITE_P(Embedded, BrokerWatchConformance, testing::Values(Embedded()), BrokerName);
INSTANTIATE_TEST_SUITE_P(Embedded, ConsumerConformance, testing::Values(Embedded()), BrokerName);
INSTANTIATE_TEST_SUITE_P(Embedded, DeathConformance, testing::Values(Embedded()), BrokerName);
INSTANTIATE_TEST_SUITE_P(Embedded, PublisherConformance, testing::Values(Embedded()), BrokerName);
INSTANTIATE_TEST_SUITE_P(Embedded, TopologyConformance, testing::Values(Embedded()), BrokerName);
INSTANTIATE_TEST_SUITE_P(Embedded, WorkQueueConformance, testing::Values(Embedded()), BrokerName);

}  // namespace
}  // namespace deadletter::test
