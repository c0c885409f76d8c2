// What a file instead of a server can do to us. What every ledger does is in tests/conformance.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <thread>

#include "ledger/sqlite/sqlite_catalog.h"
#include "ledger/sqlite/sqlite_ledger_test_fixture.h"
#include "ledger/sqlite/sqlite_outbox.h"

namespace deadletter::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class SqliteLedger : public SqliteLedgerFixture {};

TEST_F(SqliteLedger, ASettleWaitsForAWriterAndThenSaysBusy) {
  Migrate();
  PutScheduled(1);
  options_.lock_timeout = milliseconds(1);
  SqliteSettlement settlement(options_);
  Run("BEGIN IMMEDIATE");
  EXPECT_EQ(Refused(settlement, LettersOf(1, 1).front()).fault, LedgerFault::kBusy);
  EXPECT_EQ(settlement.Probe().error().fault, LedgerFault::kBusy);
  Run("COMMIT");
  EXPECT_TRUE(settlement.Settle(LettersOf(1, 1), LockedRows::kDefer));
}

TEST_F(SqliteLedger, ReadersNeverWait) {
  Migrate();
  PutScheduled(1);
  ASSERT_TRUE(SqliteSettlement(options_).Settle(LettersOf(1, 1), LockedRows::kWait));
  options_.lock_timeout = milliseconds(1);
  SqliteCatalog catalog(options_);
  SqliteOutbox outbox(options_);
  Run("BEGIN EXCLUSIVE");
  EXPECT_EQ(catalog.List({}, 10, {})->letters.size(), 1U);
  EXPECT_EQ(outbox.Backlog(Now())->pending, 1);
  EXPECT_TRUE(outbox.Claim(Now() - hours(1), 10, kMuch, kLease)->empty())
      << "nothing is due: nothing to write";
  Run("COMMIT");
}

TEST_F(SqliteLedger, AnAbortEndsAWaitForTheFile) {
  Migrate();
  PutScheduled(1);
  options_.lock_timeout = hours(1);
  SqliteSettlement settlement(options_);
  Run("BEGIN IMMEDIATE");
  std::optional<LedgerError> error;
  std::thread waiting([&] { error = Refused(settlement, LettersOf(1, 1).front()); });
  settlement.Abort();
  waiting.join();
  EXPECT_EQ(error->fault, LedgerFault::kUnavailable);
  Run("COMMIT");
}

TEST_F(SqliteLedger, P1_AFileThatIsGoneIsNotWrittenInto) {
  Migrate();
  PutScheduled(1);
  SqliteSettlement settlement(options_);
  ASSERT_TRUE(settlement.Probe());
  platform_.reset();
  const std::string elsewhere = folder_ / "elsewhere.sqlite";
  std::filesystem::rename(options_.path, elsewhere);
  EXPECT_EQ(Refused(settlement, LettersOf(1, 1).front()).fault, LedgerFault::kUnavailable);
  EXPECT_FALSE(std::filesystem::exists(options_.path)) << "an empty ledger must not take its place";
  std::filesystem::rename(elsewhere, options_.path);
  EXPECT_TRUE(settlement.Settle(LettersOf(1, 1), LockedRows::kWait));
}

TEST_F(SqliteLedger, P4_AnotherFileInItsPlaceIsNotAdoptedWithoutAWord) {
  Migrate();
  PutScheduled(1);
  SqliteSettlement settlement(options_);
  SqliteCatalog catalog(options_);
  ASSERT_TRUE(settlement.Settle(LettersOf(1, 1), LockedRows::kWait));
  ASSERT_TRUE(catalog.Counts());
  platform_.reset();
  std::filesystem::rename(options_.path, folder_ / "elsewhere.sqlite");
  Migrate();
  for (const LedgerError& error : {settlement.Probe().error(), catalog.Counts().error()}) {
    EXPECT_EQ(error.fault, LedgerFault::kUnavailable);
    EXPECT_NE(error.message.find("replaced while it was in use"), std::string::npos)
        << error.message;
  }
  EXPECT_TRUE(settlement.Probe());
  EXPECT_TRUE(catalog.Counts());
}

TEST_F(SqliteLedger, P5_AProbeWritesToTheDiskAndFindsItFull) {
  Migrate();
  const pid_t child = fork();
  if (child == 0) {
    // A disk that takes no byte more, as far as this process can see.
    signal(SIGXFSZ, SIG_IGN);
    const rlimit full{0, 0};
    SqliteSettlement settlement(options_);
    const bool possible = settlement.Probe().has_value();
    if (setrlimit(RLIMIT_FSIZE, &full) != 0) _exit(3);
    const auto probed = settlement.Probe();
    const bool found = !probed && probed.error().fault == LedgerFault::kStatement;
    _exit(possible && found ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SqliteLedger, WithoutALedgerEveryCallSaysSoAndLooksAgain) {
  SqliteSettlement settlement(options_);
  EXPECT_EQ(settlement.Probe().error().fault, LedgerFault::kUnavailable);
  EXPECT_EQ(SqliteCatalog(options_).Counts().error().fault, LedgerFault::kUnavailable);
  EXPECT_EQ(SqliteMigrator(options_).Status()->version, 0);
  EXPECT_FALSE(std::filesystem::exists(options_.path));
  Migrate();
  EXPECT_TRUE(settlement.Probe());
}

TEST_F(SqliteLedger, ANewerSchemaIsLeftAlone) {
  Migrate();
  Run("INSERT INTO deadletter_schema VALUES (99, '099_later', 0)");
  SqliteMigrator migrator(options_);
  EXPECT_TRUE(migrator.Status()->IsNewer());
  EXPECT_EQ(migrator.Migrate().error().fault, LedgerFault::kStatement);
}

TEST_F(SqliteLedger, AUsersOwnExecutionTableIsNotReplaced) {
  Run("CREATE TABLE execution (id INTEGER PRIMARY KEY, status TEXT, result TEXT, action_ref TEXT, "
      "mine TEXT)");
  options_.executions.updated = options_.executions.worker = options_.executions.action = "";
  Migrate();
  EXPECT_EQ(Value("SELECT count(*) FROM pragma_table_info('execution')"), "5");
  Run("INSERT INTO execution (id, status) VALUES (1, 'scheduled')");
  EXPECT_EQ(OutcomeOf(LettersOf(1, 1).front()), Outcome::kFailed);
}

TEST_F(SqliteLedger, TheLogIsCopiedBackIntoTheFile) {
  Migrate();
  PutScheduled(400);
  SqliteSettlement settlement(options_);
  const std::string body(100'000, 'x');
  for (int first = 1; first <= 400; first += 50) {
    auto batch = LettersOf(first, first + 49);
    for (Judgement& judgement : batch) judgement.letter.delivery.message.body = body;
    ASSERT_TRUE(settlement.Settle(batch, LockedRows::kWait));
  }
  EXPECT_GT(std::filesystem::file_size(options_.path), 20U << 20) << "40 MB were settled";
}

TEST_F(SqliteLedger, MigrationsHaveTheNamesOfTheirTwins) {
  const auto names = [](const std::string& adapter) {
    std::set<std::string> found;
    const std::string folder =
        std::string(DEADLETTER_SOURCE_DIR) + "/src/ledger/" + adapter + "/migrations";
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      found.insert(entry.path().filename());
    return found;
  };
  EXPECT_EQ(names("sqlite"), names("postgres"));
  EXPECT_FALSE(names("sqlite").empty());
}

}  // namespace
}  // namespace deadletter::test
