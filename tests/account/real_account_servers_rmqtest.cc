#include "tests/account/real_account.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, RealAccount, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
