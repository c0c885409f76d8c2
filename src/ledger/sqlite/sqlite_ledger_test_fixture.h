// A SQLite ledger in a file of the test's own, and a connection of the platform's to it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ledger/sqlite/sqlite_migrator.h"
#include "ledger/sqlite/sqlite_settlement.h"
#include "tests/support/letters.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::test {

constexpr std::size_t kMany = 10'000;
constexpr std::size_t kMuch = std::size_t{1} << 30;
constexpr std::chrono::minutes kLease{1};

[[nodiscard]] inline ExecutionId Number(std::int64_t number) {
  return ExecutionId(number);
}

[[nodiscard]] inline SqliteLedgerOptions OptionsFor(const std::string& path) {
  SqliteLedgerOptions options;
  options.path = path;
  options.lock_timeout = std::chrono::milliseconds(10'000);
  return options;
}

// Letters of the executions `first` to `last`, the same keys in whatever process they are made.
[[nodiscard]] inline std::vector<Judgement> LettersOf(int first, int last) {
  std::vector<Judgement> batch;
  for (int number = first; number <= last; ++number) {
    batch.push_back(Fails(LetterBuilder(Number(number)).Key(static_cast<std::uint64_t>(number))));
  }
  return batch;
}

class SqliteLedgerFixture : public ::testing::Test {
 protected:
  void Migrate() { ASSERT_TRUE(SqliteMigrator(options_).Migrate()); }

  void Run(const std::string& sql) {
    const auto run = platform().Execute(sql);
    ASSERT_TRUE(run) << run.error().message;
  }
  std::string Value(const std::string& sql) {
    auto statement = platform().Prepare(sql);
    const std::string value = statement.Next() ? statement.Text(0) : "(no row)";
    EXPECT_FALSE(statement.error()) << statement.error()->message;
    return value;
  }
  void PutScheduled(int count) {
    Run("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(count) +
        ") INSERT INTO execution (action_ref, status) SELECT 'core.echo', 'scheduled' FROM n");
  }
  sqlite::Database& platform() {
    if (!platform_) {
      auto opened = sqlite::Database::Open(options_.path);
      if (!opened) throw std::runtime_error(opened.error().message);
      platform_ = std::move(*opened);
    }
    return *platform_;
  }

  // Every letter once, every moved execution with one event, and the outcomes agree with the rows.
  void ExpectSettledOnce(int count) {
    EXPECT_EQ(Value("SELECT count(*) FROM deadletter_letter"), std::to_string(count));
    EXPECT_EQ(Value("SELECT count(*) FROM deadletter_letter_key"), std::to_string(count));
    EXPECT_EQ(
        Value("SELECT count(DISTINCT execution_id) FROM deadletter_outbox WHERE kind = 'event'"),
        std::to_string(count));
    EXPECT_EQ(Value("SELECT count(*) FROM deadletter_outbox"), std::to_string(count));
    EXPECT_EQ(Value("SELECT count(*) FROM execution WHERE status = 'failed'"),
              std::to_string(count));
    EXPECT_EQ(Value("SELECT sum(letters) FROM deadletter_letter_count"), std::to_string(count));
  }
  LedgerError Refused(SqliteSettlement& settlement, const Judgement& judgement) {
    const auto refused = settlement.Settle(std::span(&judgement, 1), LockedRows::kWait);
    if (refused) throw std::runtime_error("settled, against all expectation");
    return refused.error();
  }
  Outcome OutcomeOf(const Judgement& judgement) {
    SqliteSettlement settlement(options_);
    const auto settled = settlement.Settle(std::span(&judgement, 1), LockedRows::kWait);
    if (!settled) throw std::runtime_error(settled.error().message);
    return settled->at(0).outcome.value();
  }

  TemporaryFolder folder_;
  SqliteLedgerOptions options_ = OptionsFor(folder_ / "ledger.sqlite");
  std::unique_ptr<sqlite::Database> platform_;
};

}  // namespace deadletter::test
