// Text search of the running server over the embedded pair.
#include "tests/system/embedded_pair.h"
#include "tests/system/searching.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, Searching, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
