// The suite of the replays' ports over SQLite.
#include "tests/conformance/replay_conformance.h"
#include "tests/conformance/sqlite_ledger_under_test.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Sqlite, ReplayConformance,
                         testing::Values(MakeLedger([](const LedgerSetup& setup) {
                           return std::make_unique<SqliteLedgerUnderTest>(setup);
                         })),
                         [](const auto&) { return "Ledger"; });

}  // namespace deadletter::test
