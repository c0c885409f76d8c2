// The road over the embedded pair.
#include "tests/system/embedded_pair.h"
#include "tests/system/road.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, Road, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
