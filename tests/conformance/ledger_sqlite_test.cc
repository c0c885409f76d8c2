// The suites of the ledger's ports over SQLite.
#include <mutex>

#include "tests/conformance/catalog_conformance.h"
#include "tests/conformance/discards_conformance.h"
#include "tests/conformance/executions_conformance.h"
#include "tests/conformance/migrator_conformance.h"
#include "tests/conformance/outbox_conformance.h"
#include "tests/conformance/people_conformance.h"
#include "tests/conformance/rehearse_conformance.h"
#include "tests/conformance/retry_conformance.h"
#include "tests/conformance/settle_again_conformance.h"
#include "tests/conformance/settle_conformance.h"
#include "tests/conformance/settle_table_conformance.h"
#include "tests/conformance/sqlite_ledger_under_test.h"
#include "tests/conformance/states_conformance.h"
#include "tests/conformance/walk_conformance.h"

namespace deadletter::test {
namespace {

std::unique_ptr<LedgerUnderTest> MakeSqliteLedger(const LedgerSetup& setup) {
  return std::make_unique<SqliteLedgerUnderTest>(setup);
}

#define DEADLETTER_OVER_SQLITE(suite)                                                    \
  INSTANTIATE_TEST_SUITE_P(Sqlite, suite, testing::Values(MakeLedger(MakeSqliteLedger)), \
                           [](const auto&) { return "Ledger"; })
DEADLETTER_OVER_SQLITE(SettleConformance);
DEADLETTER_OVER_SQLITE(SettleTableConformance);
DEADLETTER_OVER_SQLITE(SettleAgainConformance);
DEADLETTER_OVER_SQLITE(StatesConformance);
DEADLETTER_OVER_SQLITE(RehearseConformance);
DEADLETTER_OVER_SQLITE(RetryConformance);
DEADLETTER_OVER_SQLITE(OutboxConformance);
DEADLETTER_OVER_SQLITE(CatalogConformance);
DEADLETTER_OVER_SQLITE(WalkConformance);
DEADLETTER_OVER_SQLITE(PeopleConformance);
DEADLETTER_OVER_SQLITE(DiscardsConformance);
DEADLETTER_OVER_SQLITE(ExecutionsConformance);
DEADLETTER_OVER_SQLITE(MigratorConformance);
#undef DEADLETTER_OVER_SQLITE

}  // namespace
}  // namespace deadletter::test
