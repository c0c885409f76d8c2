#include "tests/replay/replay_kill.h"
#include "tests/replay/replaying.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, Replaying, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });
INSTANTIATE_TEST_SUITE_P(Servers, KillInReplay, testing::ValuesIn(ReplayKillsOf(ServersPair())),
                         ReplayKillName);

}  // namespace deadletter::test
