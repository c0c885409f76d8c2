// Looking, over RabbitMQ and PostgreSQL.
#include "tests/system/looking.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {
namespace {

std::shared_ptr<void> StopTheBroker(Pair& pair) {
  pair.StopBroker();
  return {nullptr, [&pair](void*) { pair.StartBroker(); }};
}

INSTANTIATE_TEST_SUITE_P(Servers, Looking,
                         testing::Values(LookingCase{ServersPair(), StopTheBroker}),
                         [](const auto&) { return "Pair"; });

}  // namespace
}  // namespace deadletter::test
