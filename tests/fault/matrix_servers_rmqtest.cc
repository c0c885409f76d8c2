#include "tests/fault/matrix.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, CrashMatrix, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
