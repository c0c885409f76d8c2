#include "tests/replay/replay_kill.h"
#include "tests/replay/replay_many.h"
#include "tests/replay/replay_people.h"
#include "tests/replay/replaying.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, Replaying, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });
INSTANTIATE_TEST_SUITE_P(Embedded, KillInReplay, testing::ValuesIn(ReplayKillsOf(EmbeddedPair())),
                         ReplayKillName);
INSTANTIATE_TEST_SUITE_P(Embedded, KillOneOfTwoInReplay, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });
INSTANTIATE_TEST_SUITE_P(Embedded, ReplayingPeople, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });
INSTANTIATE_TEST_SUITE_P(Embedded, ReplayingMany, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
