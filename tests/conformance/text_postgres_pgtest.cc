// The suite of text search over PostgreSQL, and whom it waits for.
#include "tests/conformance/postgres_ledger_under_test.h"
#include "tests/conformance/text_conformance.h"

namespace deadletter::test {
namespace {

// In the suite's one database, which every test finds empty.
std::unique_ptr<LedgerUnderTest> MakeIndexedLedger(const LedgerSetup& setup) {
  static const std::string url = SharedPostgres().MakeDatabase("texts");
  return std::make_unique<PostgresLedgerUnderTest>(setup, url);
}

INSTANTIATE_TEST_SUITE_P(Postgres, TextConformance, testing::Values(MakeLedger(MakeIndexedLedger)),
                         [](const auto&) { return "Ledger"; });

class PostgresTextTest : public TextConformance {
 protected:
  [[nodiscard]] PlatformConnection Session() {
    return PlatformConnection(dynamic_cast<PostgresLedgerUnderTest&>(*ledger_).options().url);
  }
};
INSTANTIATE_TEST_SUITE_P(Postgres, PostgresTextTest, testing::Values(MakeLedger(MakeIndexedLedger)),
                         [](const auto&) { return "Ledger"; });

// P5: whoever indexes holds its own row, and letters' rows no harder than their keys.
TEST_P(PostgresTextTest, P5_SettleWaitsForNobodyWhoIndexes) {
  Record("one");
  PlatformConnection other = Session();
  other.Run(
      "BEGIN; SELECT FROM deadletter.text_index FOR UPDATE; INSERT INTO deadletter.letter_text "
      "SELECT id, 1, 'one'::tsvector FROM deadletter.letter");
  Record("two");
  LetterSelection selection;
  selection.filter.outcome = Outcome::kParked;
  EXPECT_EQ(Good(ledger_->OpenDiscards()->Discard(selection, 9, "why", Now(), Entry())).discarded,
            2)
      << "the same rows are changed meanwhile";
  const auto work = index_->Next(10, 1'000'000, Now());
  const auto waiting = index_->Add(WordsOfAll(Good(work)));
  ASSERT_FALSE(waiting) << "one indexes at a time";
  EXPECT_EQ(waiting.error().fault, LedgerFault::kRowLocked);
  other.Run("ROLLBACK");
  EXPECT_EQ(IndexAll(), 2U);
}

// A letter that somebody deletes takes its words with it.
TEST_P(PostgresTextTest, ALetterThatIsDeletedIsFoundNoMore) {
  RecordNumbered(3);
  IndexAll();
  PlatformConnection session = Session();
  session.Run("DELETE FROM deadletter.letter WHERE body = 'letter n2'::bytea");
  EXPECT_EQ(Find("letter").size(), 2U);
  EXPECT_EQ(session.Value("SELECT count(*) FROM deadletter.letter_text"), "2");
}

}  // namespace
}  // namespace deadletter::test
