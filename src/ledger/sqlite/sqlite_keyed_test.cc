// Submissions that carry a key, which only this ledger has.
#include <gmock/gmock.h>

#include "ledger/sqlite/sqlite_executions.h"
#include "ledger/sqlite/sqlite_ledger_test_fixture.h"

namespace deadletter {
namespace {

using namespace std::chrono_literals;

class SqliteKeyedSubmissions : public test::SqliteLedgerFixture {
 protected:
  void SetUp() override { Migrate(); }

  KeyedSubmission Submit(const std::string& key, const std::string& fingerprint, Instant now,
                         SqliteExecutions& executions) {
    std::vector<NewExecution> wanted(2);
    for (NewExecution& execution : wanted) execution.action_ref = "core.echo";
    auto submitted = executions.SubmitKeyed(
        wanted, now, std::nullopt, {.who = "otto", .key = key, .fingerprint = fingerprint});
    if (!submitted) throw std::runtime_error(submitted.error().message);
    return *submitted;
  }

  const Instant now_ = Instant(Microseconds(1'700'000'000'000'000));
  SqliteExecutions executions_{options_};
};

TEST_F(SqliteKeyedSubmissions, P3_AKeySubmitsOnceWhicheverConnectionItComesBy) {
  EXPECT_FALSE(executions_.FindKeyed("otto", "k", now_).value());
  const auto first = Submit("k", "f", now_, executions_);
  EXPECT_EQ(first.ids.size(), 2U);
  SqliteExecutions other(options_);
  const auto again = Submit("k", "another's", now_ + 23h, other);
  EXPECT_EQ(again.ids, first.ids);
  EXPECT_EQ(again.fingerprint, "f") << "what it was first";
  EXPECT_EQ(other.FindKeyed("otto", "k", now_ + 23h).value()->ids, first.ids);
  EXPECT_FALSE(other.FindKeyed("anna", "k", now_).value()) << "keys are each caller's own";
  EXPECT_EQ(Value("SELECT count(*) FROM execution"), "2");
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_outbox"), "2");
}

TEST_F(SqliteKeyedSubmissions, P9_AfterADayAKeyIsForgotten) {
  for (int number = 0; number < 250; ++number)
    Submit("old " + std::to_string(number), "f", now_, executions_);
  const auto first = Submit("k", "f", now_, executions_);
  EXPECT_TRUE(executions_.FindKeyed("otto", "k", now_ + 24h - 1us).value());
  EXPECT_FALSE(executions_.FindKeyed("otto", "k", now_ + 24h).value());
  // Whoever comes later strikes out more than he adds.
  const auto second = Submit("k", "g", now_ + 24h, executions_);
  EXPECT_NE(second.ids, first.ids);
  EXPECT_EQ(second.fingerprint, "g");
  EXPECT_EQ(Value("SELECT count(*) < 252 FROM deadletter_submission"), "1");
  Submit("m", "f", now_ + 25h, executions_);
  Submit("n", "f", now_ + 25h, executions_);
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_submission"), "3");
}

TEST_F(SqliteKeyedSubmissions, WhatIsRefusedLeavesItsKeyFree) {
  Run("CREATE TRIGGER no BEFORE INSERT ON execution BEGIN SELECT RAISE(ABORT, 'no'); END");
  EXPECT_ANY_THROW(Submit("k", "f", now_, executions_));
  Run("DROP TRIGGER no");
  EXPECT_FALSE(executions_.FindKeyed("otto", "k", now_).value());
  EXPECT_EQ(Submit("k", "g", now_, executions_).fingerprint, "g");
}

TEST_F(SqliteKeyedSubmissions, IdsOfEveryTypeComeBackAsTheyWere) {
  Run("CREATE TABLE text_execution (id TEXT PRIMARY KEY DEFAULT ('a \"b\" ' || hex(randomblob(8))),"
      " action_ref TEXT, status TEXT, updated TEXT)");
  SqliteLedgerOptions options = options_;
  options.executions = {};
  options.executions.table = "text_execution";
  options.executions.id_type = ExecutionIdType::kText;
  options.executions.action = options.executions.worker = options.executions.result = "";
  SqliteExecutions executions(options);
  const auto first = Submit("k", "f", now_, executions);
  EXPECT_EQ(Submit("k", "f", now_, executions).ids, first.ids);
  EXPECT_THAT(first.ids.at(0).ToString(), testing::StartsWith("a \"b\" "));
}

}  // namespace
}  // namespace deadletter
