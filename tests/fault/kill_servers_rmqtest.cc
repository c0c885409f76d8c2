// Kills on the road over RabbitMQ and PostgreSQL.
#include "tests/fault/kill.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, Kill, testing::ValuesIn(KillCases(ServersPair())), KillName);

}  // namespace deadletter::test
