// What the code does to executions and to messages, over SQLite.
#include "tests/conformance/moves_conformance.h"
#include "tests/conformance/sqlite_ledger_under_test.h"

namespace deadletter::test {
namespace {

std::unique_ptr<LedgerUnderTest> MakeMovingLedger(const LedgerSetup& setup) {
  return std::make_unique<SqliteLedgerUnderTest>(setup);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, ExecutionMovesConformance,
                         testing::Values(MakeLedger(MakeMovingLedger)),
                         [](const auto&) { return "Ledger"; });
INSTANTIATE_TEST_SUITE_P(Sqlite, OutboxMovesConformance,
                         testing::Values(MakeLedger(MakeMovingLedger)),
                         [](const auto&) { return "Ledger"; });

}  // namespace
}  // namespace deadletter::test
