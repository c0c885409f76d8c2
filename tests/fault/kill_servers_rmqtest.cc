// Kills on the road over RabbitMQ and PostgreSQL.
#include "tests/fault/kill.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, Kill,
                         testing::ValuesIn(KillCases(ServersPair(),
                                                     {"settle.begin", "ledger.commit_sent",
                                                      "consumer.received", "consumer.acknowledged",
                                                      "publisher.sent", "publisher.confirmed"})),
                         KillName);

}  // namespace deadletter::test
