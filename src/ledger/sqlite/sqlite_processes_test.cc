// Processes that share the ledger's file, and processes that die between two statements.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "ledger/sqlite/sqlite_ledger_test_fixture.h"
#include "ledger/sqlite/sqlite_outbox.h"
#include "tests/support/child_process.h"

namespace deadletter::test {
namespace {

constexpr std::chrono::minutes kPatience{2};

// What this program does instead of testing where it is started as a child: so that it can be
// killed.

int SettleAll(const SqliteLedgerOptions& options, int step) {
  SqliteSettlement settlement(options);
  auto batch = LettersOf(1, 200);
  if (step < 0) std::ranges::reverse(batch);
  for (std::size_t first = 0; first < batch.size(); first += 20) {
    if (!settlement.Settle(std::span(batch).subspan(first, 20), LockedRows::kWait)) return 1;
  }
  return 0;
}

int ClaimAndMark(const SqliteLedgerOptions& options) {
  SqliteOutbox outbox(options);
  const auto entries = outbox.Claim(Now(), kMany, kMuch, kLease);
  if (!entries) return 1;
  std::vector<OutboxResult> results;
  for (const OutboxEntry& entry : *entries)
    results.push_back({entry.id, OutboxMark::kPublished, "", {}});
  return outbox.Mark(results) ? 0 : 1;
}

int Act(const std::string& act, const SqliteLedgerOptions& options) {
  if (act == "settle") return SettleAll(options, 1);
  if (act == "settle backwards") return SettleAll(options, -1);
  if (act == "settle three")
    return SqliteSettlement(options).Settle(LettersOf(1, 3), LockedRows::kWait) ? 0 : 1;
  if (act == "publish") return ClaimAndMark(options);
  if (act == "migrate") return SqliteMigrator(options).Migrate() ? 0 : 1;
  return 2;
}

[[maybe_unused]] const bool kIsParent = [] {
  const char* act = std::getenv("DEADLETTER_TEST_ACT");
  const char* path = std::getenv("DEADLETTER_TEST_LEDGER");
  if (act == nullptr || path == nullptr) return true;
  _exit(Act(act, OptionsFor(path)));
}();

class SqliteProcesses : public SqliteLedgerFixture {
 protected:
  std::unique_ptr<ChildProcess> Start(const std::string& act, const std::string& fault = "") {
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{std::filesystem::read_symlink("/proc/self/exe").string()},
        ChildOptions{{{"DEADLETTER_TEST_ACT", act},
                      {"DEADLETTER_TEST_LEDGER", options_.path},
                      {"DEADLETTER_FAULT", fault}},
                     ""});
  }
  void ExpectKilledAt(const std::string& point, const std::string& act) {
    EXPECT_EQ(Start(act, point + "=kill")->WaitForExit(kPatience), 128 + SIGKILL) << point;
  }
};

TEST_F(SqliteProcesses, P1_P3_KilledAnywhereInASettleItHappensOnceWhenTheLettersComeAgain) {
  const std::map<std::string, int> letters_after = {
      {"settle.before", 0}, {"settle.moved", 0}, {"settle.after", 0}, {"commit.after", 3}};
  for (const auto& [point, letters] : letters_after) {
    SCOPED_TRACE(point);
    options_.path = folder_ / (point + ".sqlite");
    platform_.reset();
    Migrate();
    PutScheduled(3);
    ExpectKilledAt(point, "settle three");
    EXPECT_EQ(Value("SELECT count(*) FROM deadletter_letter"), std::to_string(letters));
    EXPECT_EQ(Value("SELECT count(*) FROM execution WHERE status = 'failed'"),
              std::to_string(letters));

    SqliteSettlement settlement(options_);
    const auto settled = settlement.Settle(LettersOf(1, 3), LockedRows::kWait);
    ASSERT_TRUE(settled) << settled.error().message;
    for (const SettledLetter& letter : *settled) {
      EXPECT_EQ(letter.recorded, letters == 0);
      EXPECT_EQ(letter.outcome, Outcome::kFailed);
    }
    ExpectSettledOnce(3);
  }
}

TEST_F(SqliteProcesses, P6_ARelayKilledAnywhereLeavesEveryEventToBePublished) {
  for (const std::string point : {"claim.before", "claim.after", "mark.before"}) {
    SCOPED_TRACE(point);
    options_.path = folder_ / (point + ".sqlite");
    platform_.reset();
    Migrate();
    PutScheduled(3);
    ASSERT_TRUE(SqliteSettlement(options_).Settle(LettersOf(1, 3), LockedRows::kWait));
    ExpectKilledAt(point, "publish");
    SqliteOutbox outbox(options_);
    const auto entries = outbox.Claim(Now() + kLease, kMany, kMuch, kLease);
    ASSERT_TRUE(entries) << entries.error().message;
    EXPECT_EQ(entries->size(), 3U);
  }
}

TEST_F(SqliteProcesses, P6_ARelayKilledAfterTheMarkPublishesNothingAgain) {
  Migrate();
  PutScheduled(3);
  ASSERT_TRUE(SqliteSettlement(options_).Settle(LettersOf(1, 3), LockedRows::kWait));
  ExpectKilledAt("mark.after", "publish");
  EXPECT_TRUE(
      SqliteOutbox(options_).Claim(Now() + std::chrono::hours(1), kMany, kMuch, kLease)->empty());
}

// After the last commit, too: the table of executions is still missing then, and who looks only at
// the version would never make it.
TEST_F(SqliteProcesses, AMigrationKilledAnywhereIsFoundUnfinishedAndRunAgain) {
  for (const std::string point : {"migrate.before", "migrate.written", "migrate.after"}) {
    SCOPED_TRACE(point);
    options_.path = folder_ / (point + ".sqlite");
    platform_.reset();
    ExpectKilledAt(point, "migrate");
    SqliteMigrator migrator(options_);
    EXPECT_FALSE(migrator.Status()->IsCurrent());
    ASSERT_TRUE(migrator.Migrate());
    EXPECT_TRUE(migrator.Status()->IsCurrent());
    PutScheduled(1);
    EXPECT_EQ(OutcomeOf(LettersOf(1, 1).front()), Outcome::kFailed);
  }
}

TEST_F(SqliteProcesses, P3_SeveralProcessesThatGetTheSameLettersSettleThemOnce) {
  Migrate();
  PutScheduled(200);
  auto forwards = Start("settle");
  auto backwards = Start("settle backwards");
  EXPECT_EQ(SettleAll(options_, 1), 0);
  EXPECT_EQ(forwards->WaitForExit(kPatience), 0);
  EXPECT_EQ(backwards->WaitForExit(kPatience), 0);
  ExpectSettledOnce(200);
}

TEST_F(SqliteProcesses, SeveralProcessesThatStartTogetherMigrateOnce) {
  auto one = Start("migrate");
  auto other = Start("migrate");
  Migrate();
  EXPECT_EQ(one->WaitForExit(kPatience), 0);
  EXPECT_EQ(other->WaitForExit(kPatience), 0);
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_schema"),
            Value("SELECT max(version) FROM deadletter_schema"));
}

}  // namespace
}  // namespace deadletter::test
