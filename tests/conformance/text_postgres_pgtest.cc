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
  void MakeBlocks(int letters, const std::string& lookup);
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

// `letters` letters with the word "old" and, received after them, as many without it: each in a
// block of its own. `lookup` is what each look at a letter with the word does first.
void PostgresTextTest::MakeBlocks(int letters, const std::string& lookup) {
  for (int number = 0; number < letters; ++number) Record("old");
  for (int number = 0; number < letters; ++number) Record("young");
  IndexAll();
  Session().Run(
      "DELETE FROM deadletter.text_block;"
      "INSERT INTO deadletter.text_block (number, after_id, last_id, letters) "
      "SELECT row_number() OVER (ORDER BY id), coalesce(lag(id) OVER (ORDER BY id), "
      "'00000000-0000-0000-0000-000000000000'), id, 1 FROM deadletter.letter;"
      "UPDATE deadletter.letter_text SET words = replace(words::text, '.1''', '.' || number || "
      "'''')::tsvector FROM deadletter.text_block WHERE last_id = letter_id;"
      "CREATE FUNCTION deadletter.look_up() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ "
      "BEGIN " +
      lookup +
      " RETURN true; END $$;"
      "ALTER TABLE deadletter.letter RENAME TO letter_kept;"
      "CREATE VIEW deadletter.letter AS SELECT * FROM deadletter.letter_kept "
      "WHERE deadletter.look_up()");
}

// P9: whatever stands between the index and the page.
TEST_P(PostgresTextTest, P9_AStatementLooksUpTheLettersOfFewBlocksHoweverManyWereEmpty) {
  MakeBlocks(40,
             "PERFORM set_config('test.looks', "
             "(coalesce(nullif(current_setting('test.looks', true), ''), '0')::int + 1)::text, "
             "true); IF current_setting('test.looks')::int > 4 THEN RAISE 'too many'; END IF;");
  LetterFilter filter = Asking("old");
  filter.outcome = Outcome::kParked;
  filter.patience = std::chrono::minutes(1);
  EXPECT_EQ(Page(filter).letters.size(), 40U);
}

TEST_P(PostgresTextTest, P9_WhatTakesTooLongIsAskedForInSmallerSteps) {
  MakeBlocks(7, "PERFORM pg_sleep(0.4);");  // 1 + 2 + 4 young ones, then four that are slow
  postgres::Options options = dynamic_cast<PostgresLedgerUnderTest&>(*ledger_).options();
  options.statement_timeout = std::chrono::milliseconds(1'200);
  catalog_ = postgres::MakeCatalog(options);
  LetterFilter filter = Asking("old");
  filter.outcome = Outcome::kParked;
  for (const int seconds : {60, 0}) {
    filter.patience = std::chrono::seconds(seconds);
    EXPECT_EQ(FollowPages(filter, 100).size(), 7U);
  }
}

TEST_P(PostgresTextTest, P9_WhereOneBlockTakesTooLongTheSearchSaysSo) {
  MakeBlocks(2, "PERFORM pg_sleep(60);");
  postgres::Options options = dynamic_cast<PostgresLedgerUnderTest&>(*ledger_).options();
  options.statement_timeout = std::chrono::milliseconds(200);
  catalog_ = postgres::MakeCatalog(options);
  LetterFilter filter = Asking("old");
  filter.outcome = Outcome::kParked;
  const LetterPage young = Page(filter);
  ASSERT_TRUE(young.next && young.looked_to) << "what was looked at is told of";
  const auto stuck = catalog_->List(filter, 100, young.next);
  ASSERT_FALSE(stuck);
  EXPECT_EQ(stuck.error().fault, LedgerFault::kTooLong);
  EXPECT_THAT(stuck.error().message, testing::HasSubstr("ask for rarer words"));
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
