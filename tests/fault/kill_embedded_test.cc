// Kills on the road over the embedded pair.
#include "tests/fault/kill.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, Kill,
                         testing::ValuesIn(KillCases(
                             EmbeddedPair(), {"settle.begun", "settle.moved", "settle.written"})),
                         KillName);

}  // namespace deadletter::test
