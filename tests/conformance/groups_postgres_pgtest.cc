// The suite of counting and groups over PostgreSQL, and how its counters take turns.
#include "tests/conformance/counting_conformance.h"
#include "tests/conformance/groups_conformance.h"
#include "tests/conformance/postgres_ledger_under_test.h"

namespace deadletter::test {
namespace {

// In the suite's one database, which every test finds empty.
std::unique_ptr<LedgerUnderTest> MakeCountedLedger(const LedgerSetup& setup) {
  static const std::string url = SharedPostgres().MakeDatabase("groups");
  return std::make_unique<PostgresLedgerUnderTest>(setup, url);
}

INSTANTIATE_TEST_SUITE_P(Postgres, GroupsConformance,
                         testing::Values(MakeLedger(MakeCountedLedger)),
                         [](const auto&) { return "Ledger"; });

class PostgresCountingTest : public GroupsConformance {
 protected:
  [[nodiscard]] PlatformConnection Session() {
    return PlatformConnection(dynamic_cast<PostgresLedgerUnderTest&>(*ledger_).options().url);
  }
};
INSTANTIATE_TEST_SUITE_P(Postgres, PostgresCountingTest,
                         testing::Values(MakeLedger(MakeCountedLedger)),
                         [](const auto&) { return "Ledger"; });

TEST_P(PostgresCountingTest, WhoseTurnItIsNotDoesNothingAndWaitsForNobody) {
  Record(3);
  PlatformConnection other = Session();
  other.Run("BEGIN; SELECT FROM deadletter.counting FOR UPDATE");
  const CountProgress progress = Good(counting_->Count(10, Now()));
  EXPECT_EQ(progress.letters, 0U);
  EXPECT_FALSE(progress.more);
  EXPECT_EQ(progress.uncounted, 3);
  other.Run("ROLLBACK");
  EXPECT_EQ(CountAll(), 3U);
  ExpectExact();
}

TEST_P(PostgresCountingTest, SettleWaitsForNobodyWhoCounts) {
  Record(3);
  CountAll();
  PlatformConnection other = Session();
  other.Run(
      "BEGIN; SELECT FROM deadletter.counting FOR UPDATE; "
      "UPDATE deadletter.group_count SET letters = letters; "
      "UPDATE deadletter.letter_hour SET letters = letters");
  Record(3);
  other.Run("ROLLBACK");
  EXPECT_EQ(CountAll(), 3U);
}

TEST_P(PostgresCountingTest, SettleNamesEachBatchInOneRow) {
  Record(4);
  Record(1);
  const std::vector<Judgement> twice = {Ends(LetterBuilder().Key(7).Build(), Outcome::kParked),
                                        Ends(LetterBuilder().Key(7).Build(), Outcome::kParked)};
  EXPECT_EQ(Settle(twice).size(), 2U);
  EXPECT_FALSE(SettleOne(twice[1]).recorded);
  Good(settlement_->Probe());
  Good(settlement_->Rehearse(twice));
  PlatformConnection session = Session();
  EXPECT_EQ(session.Value("SELECT string_agg(letters::text, ' ' ORDER BY number) FROM "
                          "deadletter.uncounted WHERE letters = cardinality(ids)"),
            "4 1 1");
}

}  // namespace
}  // namespace deadletter::test
