// Kills on the road over RabbitMQ and PostgreSQL.
#include "tests/fault/kill_once.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, Kill,
                         testing::ValuesIn(KillCases(ServersPair(),
                                                     {"settle.begin", "ledger.commit_sent",
                                                      "ledger.committed", "consumer.received",
                                                      "consumer.acknowledged", "publisher.sent",
                                                      "publisher.confirmed"})),
                         KillName);
INSTANTIATE_TEST_SUITE_P(Servers, KillOneOfTwo,
                         testing::ValuesIn(CasesOf(ServersPair(),
                                                   {"intake.received", "intake.settled",
                                                    "relay.published"})),
                         KillName);
INSTANTIATE_TEST_SUITE_P(Servers, KillInMigration,
                         testing::ValuesIn(CasesOf(ServersPair(),
                                                   {"migrate.begin", "migrate.committed"})),
                         KillName);
INSTANTIATE_TEST_SUITE_P(Servers, KillInSubmit,
                         testing::ValuesIn(CasesOf(ServersPair(), {"ledger.committed"})), KillName);

}  // namespace deadletter::test
