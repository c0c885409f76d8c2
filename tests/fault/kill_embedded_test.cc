// Kills on the road over the embedded pair.
#include "tests/fault/kill_once.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, KillOneOfTwo,
                         testing::ValuesIn(CasesOf(EmbeddedPair(), {"receive.after", "commit.after",
                                                                    "publish.after"})),
                         KillName);
INSTANTIATE_TEST_SUITE_P(Embedded, KillInMigration,
                         testing::ValuesIn(CasesOf(EmbeddedPair(),
                                                   {"migrate.before", "migrate.written",
                                                    "migrate.after"})),
                         KillName);
INSTANTIATE_TEST_SUITE_P(Embedded, KillInSubmit,
                         testing::ValuesIn(CasesOf(EmbeddedPair(),
                                                   {"submit.before", "submit.after"})),
                         KillName);

}  // namespace deadletter::test
