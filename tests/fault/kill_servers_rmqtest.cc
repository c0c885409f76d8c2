// Kills on the road over RabbitMQ and PostgreSQL.
#include "tests/fault/kill_once.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, KillOneOfTwo,
                         testing::ValuesIn(CasesOf(ServersPair(), {"receive.after", "commit.after",
                                                                   "publish.after"})),
                         KillName);
INSTANTIATE_TEST_SUITE_P(Servers, KillInMigration,
                         testing::ValuesIn(CasesOf(ServersPair(),
                                                   {"migrate.before", "migrate.after"})),
                         KillName);
INSTANTIATE_TEST_SUITE_P(Servers, KillInSubmit,
                         testing::ValuesIn(CasesOf(ServersPair(),
                                                   {"submit.before", "submit.after"})),
                         KillName);

}  // namespace deadletter::test
