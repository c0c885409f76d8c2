// The running server's events over the embedded pair.
#include "tests/system/embedded_pair.h"
#include "tests/system/events.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, FollowedEvents, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
