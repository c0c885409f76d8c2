// The suite of text search over SQLite.
#include "tests/conformance/sqlite_ledger_under_test.h"
#include "tests/conformance/text_conformance.h"

namespace deadletter::test {
namespace {

const MakeLedger kMakeIndexed = [](const LedgerSetup& setup) {
  return std::make_unique<SqliteLedgerUnderTest>(setup);
};

INSTANTIATE_TEST_SUITE_P(Sqlite, TextConformance, testing::Values(kMakeIndexed),
                         [](const auto&) { return "Ledger"; });

}  // namespace
}  // namespace deadletter::test
