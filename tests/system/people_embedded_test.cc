// People and the running server over the embedded pair.
#include "tests/system/embedded_pair.h"
#include "tests/system/people.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, People, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
