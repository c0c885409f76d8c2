// The suite of counting and groups over SQLite.
#include "tests/conformance/counting_conformance.h"
#include "tests/conformance/groups_conformance.h"
#include "tests/conformance/sqlite_ledger_under_test.h"

namespace deadletter::test {
namespace {

const MakeLedger kMakeCounted = [](const LedgerSetup& setup) {
  return std::make_unique<SqliteLedgerUnderTest>(setup);
};

INSTANTIATE_TEST_SUITE_P(Sqlite, GroupsConformance, testing::Values(kMakeCounted),
                         [](const auto&) { return "Ledger"; });

class SqliteCountingTest : public GroupsConformance {};
INSTANTIATE_TEST_SUITE_P(Sqlite, SqliteCountingTest, testing::Values(kMakeCounted),
                         [](const auto&) { return "Ledger"; });

// What a retention does one day: the highest numbers go, and are given again.
TEST_P(SqliteCountingTest, P4_ANumberThatIsGivenAgainIsCounted) {
  Record(5);
  CountAll();
  ledger_->Meddle(
      "DELETE FROM {{letter}}; UPDATE {{letter_count}} SET letters = 0; "
      "UPDATE deadletter_counting SET counted = 0; DELETE FROM deadletter_group_count; "
      "DELETE FROM deadletter_letter_hour");
  CountAll();
  Record(2);
  EXPECT_EQ(CountAll(), 2U);
  ExpectExact();
}

}  // namespace
}  // namespace deadletter::test
