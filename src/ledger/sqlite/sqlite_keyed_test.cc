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

TEST_F(SqliteKeyedSubmissions, P2_P5_ItIsKnownWhichMessageAnExecutionWaitsFor) {
  Run("INSERT INTO execution (id, action_ref, status) VALUES (7, 'a', 'running')");
  const auto standing = [&](const MessageAttempt& attempt) {
    return executions_.FindStanding(test::Number(7), attempt).value().value();
  };
  const auto from = [](std::int64_t at) {
    return AttemptWindow{Instant(Microseconds(at)), Instant(Microseconds(at + 1))};
  };
  const ReplayId replay(Uuid{{1}});
  EXPECT_EQ(standing({}).status, "running");
  EXPECT_TRUE(standing({}).is_failable);
  EXPECT_FALSE(standing({}).waits_for_another) << "it was never replayed";
  Run("INSERT INTO deadletter_replay_owner (execution_id, replay_id, row_updated) "
      "VALUES ('7', x'01000000000000000000000000000000', 1000)");
  EXPECT_TRUE(standing({}).waits_for_another);
  EXPECT_TRUE(standing({.window = from(1000)}).waits_for_another);
  EXPECT_TRUE(standing({.window = from(1000), .replay_id = ReplayId(Uuid{{2}})}).waits_for_another);
  EXPECT_FALSE(standing({.window = from(1000), .replay_id = replay}).waits_for_another);
  EXPECT_FALSE(standing({.window = from(1001)}).waits_for_another) << "the platform's own, later";
  Run("UPDATE execution SET status = 'completed'");
  EXPECT_FALSE(standing({}).is_failable);
  EXPECT_FALSE(executions_.FindStanding(test::Number(8), {}).value());
}

}  // namespace
}  // namespace deadletter
