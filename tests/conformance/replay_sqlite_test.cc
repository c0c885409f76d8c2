// The suite of the replays' ports over SQLite.
#include "tests/conformance/replay_answer_conformance.h"
#include "tests/conformance/replay_claim_conformance.h"
#include "tests/conformance/replay_driver_conformance.h"
#include "tests/conformance/replay_progress_conformance.h"
#include "tests/conformance/replay_states_conformance.h"
#include "tests/conformance/sqlite_ledger_under_test.h"

namespace deadletter::test {

namespace {

const MakeLedger kMake = [](const LedgerSetup& setup) {
  return std::make_unique<SqliteLedgerUnderTest>(setup);
};
const auto kName = [](const auto&) { return "Ledger"; };

}  // namespace

INSTANTIATE_TEST_SUITE_P(Sqlite, ReplayConformance, testing::Values(kMake), kName);
INSTANTIATE_TEST_SUITE_P(Sqlite, ReplayProgressConformance, testing::Values(kMake), kName);
INSTANTIATE_TEST_SUITE_P(Sqlite, ReplayStatesConformance, testing::Values(kMake), kName);

}  // namespace deadletter::test
