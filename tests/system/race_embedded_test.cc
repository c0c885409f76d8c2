// The race between workers and letters over the embedded pair.
#include "tests/system/embedded_pair.h"
#include "tests/system/race.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, Race, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
