// What only SQLite can do to us: a shared file instead of a server, triggers with RAISE, and
// processes that die between two statements. What every ledger does is in tests/conformance.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "ledger/sqlite/sqlite_catalog.h"
#include "ledger/sqlite/sqlite_executions.h"
#include "ledger/sqlite/sqlite_migrator.h"
#include "ledger/sqlite/sqlite_outbox.h"
#include "ledger/sqlite/sqlite_settlement.h"
#include "tests/support/child_process.h"
#include "tests/support/letters.h"
#include "tests/support/temporary_folder.h"

namespace deadletter {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using test::Ends;
using test::Fails;
using test::LetterBuilder;
using test::Now;

constexpr std::size_t kMany = 10'000;
constexpr std::size_t kMuch = std::size_t{1} << 30;
constexpr minutes kLease{1};
constexpr minutes kPatience{2};

ExecutionId Number(std::int64_t number) {
  return ExecutionId(number);
}

SqliteLedgerOptions OptionsFor(const std::string& path) {
  SqliteLedgerOptions options;
  options.path = path;
  options.lock_timeout = milliseconds(10'000);
  return options;
}

// Letters of the executions `first` to `last`, the same keys in whatever process they are made.
std::vector<Judgement> LettersOf(int first, int last) {
  std::vector<Judgement> batch;
  for (int number = first; number <= last; ++number) {
    batch.push_back(Fails(LetterBuilder(Number(number)).Key(static_cast<std::uint64_t>(number))));
  }
  return batch;
}

// --- What this program does instead of testing where it is started as a child: so that it can be
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

// --- The tests.

class SqliteLedger : public ::testing::Test {
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

  std::unique_ptr<test::ChildProcess> Start(const std::string& act, const std::string& fault = "") {
    return std::make_unique<test::ChildProcess>(
        std::vector<std::string>{std::filesystem::read_symlink("/proc/self/exe").string()},
        test::ChildOptions{{{"DEADLETTER_TEST_ACT", act},
                            {"DEADLETTER_TEST_LEDGER", options_.path},
                            {"DEADLETTER_FAULT", fault}},
                           ""});
  }
  void ExpectKilledAt(const std::string& point, const std::string& act) {
    EXPECT_EQ(Start(act, point + "=kill")->WaitForExit(kPatience), 128 + SIGKILL) << point;
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

  test::TemporaryFolder folder_;
  SqliteLedgerOptions options_ = OptionsFor(folder_ / "ledger.sqlite");
  std::unique_ptr<sqlite::Database> platform_;
};

TEST_F(SqliteLedger, P1_P3_KilledAnywhereInASettleItHappensOnceWhenTheLettersComeAgain) {
  const std::map<std::string, int> letters_after = {
      {"settle.begun", 0}, {"settle.moved", 0}, {"settle.written", 0}, {"settle.committed", 3}};
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

TEST_F(SqliteLedger, P6_ARelayKilledAnywhereLeavesEveryEventToBePublished) {
  for (const std::string point : {"outbox.claiming", "outbox.claimed", "outbox.marking"}) {
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

TEST_F(SqliteLedger, P6_ARelayKilledAfterTheMarkPublishesNothingAgain) {
  Migrate();
  PutScheduled(3);
  ASSERT_TRUE(SqliteSettlement(options_).Settle(LettersOf(1, 3), LockedRows::kWait));
  ExpectKilledAt("outbox.marked", "publish");
  EXPECT_TRUE(SqliteOutbox(options_).Claim(Now() + hours(1), kMany, kMuch, kLease)->empty());
}

TEST_F(SqliteLedger, AMigrationKilledAnywhereIsRunAgainOrDone) {
  const std::map<std::string, int> version_after = {
      {"migrate.begun", 0}, {"migrate.written", 0}, {"migrate.committed", 1}};
  for (const auto& [point, version] : version_after) {
    SCOPED_TRACE(point);
    options_.path = folder_ / (point + ".sqlite");
    platform_.reset();
    ExpectKilledAt(point, "migrate");
    SqliteMigrator migrator(options_);
    EXPECT_EQ(migrator.Status()->version, version);
    ASSERT_TRUE(migrator.Migrate());
    EXPECT_TRUE(migrator.Status()->IsCurrent());
    PutScheduled(1);
    EXPECT_EQ(OutcomeOf(LettersOf(1, 1).front()), Outcome::kFailed);
  }
}

TEST_F(SqliteLedger, P3_SeveralProcessesThatGetTheSameLettersSettleThemOnce) {
  Migrate();
  PutScheduled(200);
  auto forwards = Start("settle");
  auto backwards = Start("settle backwards");
  EXPECT_EQ(SettleAll(options_, 1), 0);
  EXPECT_EQ(forwards->WaitForExit(kPatience), 0);
  EXPECT_EQ(backwards->WaitForExit(kPatience), 0);
  ExpectSettledOnce(200);
}

TEST_F(SqliteLedger, SeveralProcessesThatStartTogetherMigrateOnce) {
  auto one = Start("migrate");
  auto other = Start("migrate");
  Migrate();
  EXPECT_EQ(one->WaitForExit(kPatience), 0);
  EXPECT_EQ(other->WaitForExit(kPatience), 0);
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_schema"), "1");
}

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

// The platform's own rules.

TEST_F(SqliteLedger, P5_WhatThePlatformsRulesRefuseIsTheLettersFault) {
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

TEST_F(SqliteLedger, P2_ATriggerThatEndsOurTransactionLeavesNothingHalfDone) {
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

TEST_F(SqliteLedger, P6_ARowThatATriggerSetsBackIsNoFailedExecution) {
  Migrate();
  PutScheduled(1);
  Run("CREATE TRIGGER undo AFTER UPDATE OF status ON execution BEGIN "
      "UPDATE execution SET status = OLD.status WHERE id = NEW.id; END");
  EXPECT_EQ(OutcomeOf(LettersOf(1, 1).front()), Outcome::kRefused);
  EXPECT_EQ(Value("SELECT status FROM execution"), "scheduled");
  EXPECT_EQ(Value("SELECT detail FROM deadletter_letter"), "update_suppressed");
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_outbox"), "0");
}

TEST_F(SqliteLedger, ATriggersOwnWritesAreNotTakenForOurs) {
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

TEST_F(SqliteLedger, AChangeOfStatusAloneIsANewAttempt) {
  Migrate();
  Run("INSERT INTO execution (id, action_ref, status, updated) VALUES (1, 'a', 'running', "
      "'2026-01-01T00:00:00Z');"
      "UPDATE execution SET status = 'scheduled' WHERE id = 1");
  EXPECT_NE(Value("SELECT updated FROM execution"), "2026-01-01T00:00:00Z");
}

TEST_F(SqliteLedger, ATimeThatNobodyCanReadBelongsToNoAttempt) {
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

TEST_F(SqliteLedger, UuidsMayBeTextInAColumnOfAnyType) {
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
  EXPECT_EQ(executions.Submit(std::span(&submitted, 1), Now()).error().fault,
            LedgerFault::kStatement)
      << "the table gives no id by itself";
  EXPECT_EQ(Value("SELECT count(*) FROM deadletter_outbox WHERE kind = 'submit'"), "0");
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
}  // namespace deadletter
