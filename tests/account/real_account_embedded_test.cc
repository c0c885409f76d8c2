#include "tests/account/real_account.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, RealAccount, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
