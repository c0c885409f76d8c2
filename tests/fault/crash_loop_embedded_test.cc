// The crash loop over the embedded pair.
#include "tests/fault/crash_loop.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, CrashLoop, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
