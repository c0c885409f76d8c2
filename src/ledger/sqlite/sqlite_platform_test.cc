// A platform's own table, with the rules, triggers and columns that it may have.
#include <gtest/gtest.h>

#include <map>

#include "ledger/sqlite/sqlite_executions.h"
#include "ledger/sqlite/sqlite_ledger_test_fixture.h"

namespace deadletter::test {
namespace {

using std::chrono::hours;

class SqlitePlatform : public SqliteLedgerFixture {};

TEST_F(SqlitePlatform, P5_WhatThePlatformsRulesRefuseIsTheLettersFault) {
  const std::map<std::string, std::string> rules = {
      {"SQLITE_CONSTRAINT_TRIGGER", "SELECT RAISE(ABORT, 'no')"},
      {"SQLITE_CONSTRAINT_CHECK", "INSERT INTO guarded (even) VALUES (3)"},
      {"SQLITE_CONSTRAINT_NOTNULL", "INSERT INTO guarded (even) VALUES (NULL)"},
      {"SQLITE_TOOBIG", "SELECT zeroblob(2000000000) || 'x'"}};
  Migrate();
  PutScheduled(2);
  Run("CREATE TABLE guarded (even INTEGER NOT NULL CHECK (even % 2 = 0))");
  SqliteSettlement settlement(options_);
  for (const auto& [code, rule] : rules) {
    Run("CREATE TRIGGER rule BEFORE UPDATE ON execution BEGIN " + rule + "; END");
    const LedgerError error = Refused(settlement, LettersOf(1, 1).front());
    EXPECT_EQ(error.fault, LedgerFault::kLetter) << code;
    EXPECT_EQ(error.code, code);
    EXPECT_TRUE(settlement.Probe()) << "the ledger itself is in order";
    Run("DROP TRIGGER rule");
  }
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_letter"), "0");
  EXPECT_TRUE(settlement.Settle(LettersOf(1, 2), LockedRows::kWait));
  ExpectSettledOnce(2);
}

TEST_F(SqlitePlatform, AnIdOfTwoRowsIsRefusedAndNothingHappens) {
  Migrate();
  Run("CREATE TABLE twins (id INTEGER, status TEXT, updated TEXT)");
  Run("INSERT INTO twins VALUES (1, 'running', ''), (1, 'running', ''), (2, 'running', '')");
  options_.executions.table = "twins";
  options_.executions.result = options_.executions.worker = "";
  options_.executions.action = options_.executions.action_ref = "";
  SqliteSettlement settlement(options_);
  const auto refused = settlement.Settle(LettersOf(1, 2), LockedRows::kWait);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, LedgerFault::kStatement);
  EXPECT_NE(refused.error().message.find("executions.id"), std::string::npos);
  EXPECT_EQ(Value("SELECT count(*) FROM twins WHERE status = 'running'"), "3");
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_letter_key"), "0");
}

TEST_F(SqlitePlatform, P2_ATriggerThatEndsOurTransactionLeavesNothingHalfDone) {
  Migrate();
  PutScheduled(3);
  Run("CREATE TRIGGER rule BEFORE UPDATE ON execution WHEN OLD.id = 2 BEGIN SELECT RAISE(ROLLBACK, "
      "'no'); END");
  SqliteSettlement settlement(options_);
  const auto refused = settlement.Settle(LettersOf(1, 3), LockedRows::kWait);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, LedgerFault::kLetter);
  EXPECT_EQ(Value("SELECT count(*) FROM execution WHERE status = 'scheduled'"), "3");
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_letter_key"), "0");
  Run("DROP TRIGGER rule");
  EXPECT_TRUE(settlement.Settle(LettersOf(1, 3), LockedRows::kWait));
  ExpectSettledOnce(3);
}

TEST_F(SqlitePlatform, P6_ARowThatATriggerSetsBackIsNoFailedExecution) {
  Migrate();
  PutScheduled(1);
  Run("CREATE TRIGGER undo AFTER UPDATE OF status ON execution BEGIN "
      "UPDATE execution SET status = OLD.status WHERE id = NEW.id; END");
  EXPECT_EQ(OutcomeOf(LettersOf(1, 1).front()), Outcome::kRefused);
  EXPECT_EQ(Value("SELECT status FROM execution"), "scheduled");
  EXPECT_EQ(Value("SELECT detail FROM deadletter_letter"), "update_suppressed");
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_outbox"), "0");
}

TEST_F(SqlitePlatform, ATriggersOwnWritesAreNotTakenForOurs) {
  Migrate();
  PutScheduled(2);
  Run("UPDATE execution SET status = 'completed' WHERE id = 2;"
      "CREATE TABLE history (id INTEGER, status TEXT);"
      "CREATE TRIGGER keep AFTER UPDATE ON execution BEGIN "
      "INSERT INTO history VALUES (NEW.id, NEW.status), (NEW.id, OLD.status); END");
  EXPECT_EQ(OutcomeOf(LettersOf(1, 1).front()), Outcome::kFailed);
  EXPECT_EQ(OutcomeOf(LettersOf(2, 2).front()), Outcome::kNotFailable);
  EXPECT_EQ(Value("SELECT group_concat(id || ' ' || status) FROM history"), "1 failed,1 scheduled");
}

TEST_F(SqlitePlatform, AChangeOfStatusAloneIsANewAttempt) {
  Migrate();
  Run("INSERT INTO execution (id, action_ref, status, updated) VALUES (1, 'a', 'running', "
      "'2026-01-01T00:00:00Z');"
      "UPDATE execution SET status = 'scheduled' WHERE id = 1");
  EXPECT_NE(Value("SELECT updated FROM execution"), "2026-01-01T00:00:00Z");
}

TEST_F(SqlitePlatform, ATimeThatNobodyCanReadBelongsToNoAttempt) {
  Migrate();
  for (const std::string time : {"'yesterday'", "1.5", "x'00'"}) {
    Run("DELETE FROM execution; INSERT INTO execution (id, action_ref, status, updated) VALUES (1, "
        "'a', 'running', " +
        time + ")");
    EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)).Attempt(Now(), hours(1)))),
              Outcome::kStaleAttempt)
        << time;
    EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed) << time;
  }
}

TEST_F(SqlitePlatform, UuidsMayBeTextInAColumnOfAnyType) {
  const std::string id = "2b1f0c9e-1111-4222-8333-abcdefabcdef";
  options_.executions.table = "main.job \"list\"";
  options_.executions.id_type = ExecutionIdType::kUuid;
  options_.executions.updated = options_.executions.worker = options_.executions.action = "";
  Migrate();
  Run(R"(CREATE TABLE "job ""list""" (id UUID PRIMARY KEY, action_ref TEXT, status TEXT, result TEXT))");
  Run(R"(INSERT INTO "job ""list""" VALUES (')" + id + "', 'a', 'scheduled', NULL)");
  const ExecutionId execution(*ParseUuid(id));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(execution))), Outcome::kFailed);
  SqliteExecutions executions(options_);
  EXPECT_EQ((*executions.Find(execution))->status, "failed");
  const NewExecution submitted{"core.echo", std::nullopt, "{}", {"", "q"}, std::nullopt};
  EXPECT_EQ(executions.Submit(std::span(&submitted, 1), Now(), std::nullopt).error().fault,
            LedgerFault::kStatement)
      << "the table gives no id by itself";
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_outbox WHERE kind = 'submit'"), "0");
}

}  // namespace
}  // namespace deadletter::test
