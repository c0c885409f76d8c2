#include "tests/replay/replay_kill.h"
#include "tests/replay/replay_many.h"
#include "tests/replay/replay_people.h"
#include "tests/replay/replaying.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, Replaying, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });
INSTANTIATE_TEST_SUITE_P(Servers, KillInReplay, testing::ValuesIn(ReplayKillsOf(ServersPair())),
                         ReplayKillName);
INSTANTIATE_TEST_SUITE_P(Servers, KillOneOfTwoInReplay, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });
INSTANTIATE_TEST_SUITE_P(Servers, ReplayingPeople, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });
INSTANTIATE_TEST_SUITE_P(Servers, ReplayingMany, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
