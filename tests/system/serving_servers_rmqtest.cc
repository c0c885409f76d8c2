// The running server over RabbitMQ and PostgreSQL.
#include "tests/system/servers_pair.h"
#include "tests/system/serving.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, Serving, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
