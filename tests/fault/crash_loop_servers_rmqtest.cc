// The crash loop over RabbitMQ and PostgreSQL.
#include "tests/fault/crash_loop.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, CrashLoop, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
