// The served document, over RabbitMQ and PostgreSQL.
#include "tests/system/openapi.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {
namespace {

void CutLedger(Pair& pair) {
  TcpGate& gate = dynamic_cast<GatedServers&>(pair).ledger_gate();
  gate.Refuse();
  gate.Reset();
}

INSTANTIATE_TEST_SUITE_P(Servers, ServedDocument,
                         testing::Values(DocumentCase{.pair = ServersPair(),
                                                      .losable = GatedServersPair(),
                                                      .take_ledger_away = CutLedger}),
                         [](const auto&) { return "Pair"; });

}  // namespace
}  // namespace deadletter::test
