// What the code does to executions and to messages, over PostgreSQL.
#include "tests/conformance/moves_conformance.h"
#include "tests/conformance/postgres_ledger_fixture.h"

namespace deadletter::test {
namespace {

INSTANTIATE_TEST_SUITE_P(Postgres, ExecutionMovesConformance,
                         testing::Values(MakeLedger(MakeSeparateLedger)),
                         [](const auto&) { return "Ledger"; });
INSTANTIATE_TEST_SUITE_P(Postgres, OutboxMovesConformance,
                         testing::Values(MakeLedger(MakeSeparateLedger)),
                         [](const auto&) { return "Ledger"; });

}  // namespace
}  // namespace deadletter::test
