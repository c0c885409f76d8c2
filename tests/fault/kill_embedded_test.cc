// Kills on the road over the embedded pair.
#include "tests/fault/kill_once.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, Kill,
                         testing::ValuesIn(KillCases(
                             EmbeddedPair(), {"settle.begun", "settle.moved", "settle.written"})),
                         KillName);
INSTANTIATE_TEST_SUITE_P(Embedded, KillOneOfTwo,
                         testing::ValuesIn(CasesOf(EmbeddedPair(),
                                                   {"intake.received", "intake.settled",
                                                    "relay.published"})),
                         KillName);
INSTANTIATE_TEST_SUITE_P(Embedded, KillInMigration,
                         testing::ValuesIn(CasesOf(EmbeddedPair(),
                                                   {"migrate.begun", "migrate.written",
                                                    "migrate.committed"})),
                         KillName);
INSTANTIATE_TEST_SUITE_P(Embedded, KillInSubmit,
                         testing::ValuesIn(CasesOf(EmbeddedPair(),
                                                   {"submit.written", "submit.committed"})),
                         KillName);

}  // namespace deadletter::test
