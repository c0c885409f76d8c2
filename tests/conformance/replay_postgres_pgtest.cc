// The suite of the replays' ports over PostgreSQL.
#include "tests/conformance/postgres_ledger_under_test.h"
#include "tests/conformance/replay_conformance.h"

namespace deadletter::test {
namespace {

// In the suite's one database, which every test finds empty.
std::unique_ptr<LedgerUnderTest> MakeReplayLedger(const LedgerSetup& setup) {
  static const std::string url = SharedPostgres().MakeDatabase("replays");
  return std::make_unique<PostgresLedgerUnderTest>(setup, url);
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Postgres, ReplayConformance, testing::Values(MakeLedger(MakeReplayLedger)),
                         [](const auto&) { return "Ledger"; });

}  // namespace deadletter::test
