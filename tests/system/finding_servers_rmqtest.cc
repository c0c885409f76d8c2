// Groups and statistics of the running server over RabbitMQ and PostgreSQL.
#include "tests/system/finding.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, FindingOut, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
