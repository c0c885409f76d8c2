// The suites of the ledger's ports over PostgreSQL, and what only PostgreSQL can do to us.
#include <mutex>

#include "base/rfc3339.h"
#include "tests/conformance/catalog_conformance.h"
#include "tests/conformance/executions_conformance.h"
#include "tests/conformance/migrator_conformance.h"
#include "tests/conformance/outbox_conformance.h"
#include "tests/conformance/postgres_ledger_under_test.h"
#include "tests/conformance/rehearse_conformance.h"
#include "tests/conformance/retry_conformance.h"
#include "tests/conformance/settle_conformance.h"

namespace deadletter::test {
namespace {

// In the suites' one database, which every test finds empty: a database a test costs more than the
// test.
std::unique_ptr<LedgerUnderTest> MakePostgresLedger(const LedgerSetup& setup) {
  static const std::string url = SharedPostgres().MakeDatabase("suites");
  return std::make_unique<PostgresLedgerUnderTest>(setup, url);
}

// In a database of its own, for tests that change its settings or look at its sessions.
std::unique_ptr<LedgerUnderTest> MakeSeparateLedger(const LedgerSetup& setup) {
  return std::make_unique<PostgresLedgerUnderTest>(setup);
}

#define DEADLETTER_OVER_POSTGRES(suite)                                                      \
  INSTANTIATE_TEST_SUITE_P(Postgres, suite, testing::Values(MakeLedger(MakePostgresLedger)), \
                           [](const auto&) { return "Ledger"; })
DEADLETTER_OVER_POSTGRES(SettleConformance);
DEADLETTER_OVER_POSTGRES(RehearseConformance);
DEADLETTER_OVER_POSTGRES(RetryConformance);
DEADLETTER_OVER_POSTGRES(OutboxConformance);
DEADLETTER_OVER_POSTGRES(CatalogConformance);
DEADLETTER_OVER_POSTGRES(ExecutionsConformance);
DEADLETTER_OVER_POSTGRES(MigratorConformance);
#undef DEADLETTER_OVER_POSTGRES

// The same fixture for what the other adapter has no like of.
class PostgresLedger : public LedgerConformance {
 protected:
  [[nodiscard]] PostgresLedgerUnderTest& postgres() {
    return dynamic_cast<PostgresLedgerUnderTest&>(*ledger_);
  }
  [[nodiscard]] PlatformConnection Session() {
    return PlatformConnection(postgres().options().url);
  }
  // The options of a role whose password is its name.
  [[nodiscard]] postgres::Options As(const std::string& role) {
    postgres::Options options = postgres().options();
    options.url = "postgresql://" + role + ":" + role + options.url.substr(options.url.find('@'));
    return options;
  }
  [[nodiscard]] LedgerError Refused(const std::vector<Judgement>& batch,
                                    LockedRows locked = LockedRows::kWait) {
    const auto refused = settlement_->Settle(batch, locked);
    if (refused) throw std::runtime_error("settled, against all expectation");
    return refused.error();
  }
  // Settles on a thread of its own; the connection exists and the table is known before it begins.
  [[nodiscard]] std::jthread SettleBeside(std::vector<Judgement> batch,
                                          LedgerResult<std::vector<SettledLetter>>& result) {
    Good(settlement_->Probe());
    return std::jthread([this, batch = std::move(batch), &result] {
      result = settlement_->Settle(batch, LockedRows::kWait);
    });
  }
  // The backend that is executing `part` of a statement in this database.
  [[nodiscard]] static std::string BackendOf(PlatformConnection& session, const std::string& part) {
    return session.Value(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        "pg_backend_pid() "
        "AND state = 'active' AND query LIKE $1",
        {"%" + part + "%"});
  }
};

INSTANTIATE_TEST_SUITE_P(Postgres, PostgresLedger, testing::Values(MakeLedger(MakeSeparateLedger)),
                         [](const auto&) { return "Ledger"; });

constexpr std::chrono::minutes kPatient{1};

TEST_P(PostgresLedger, P5_ARowLockedForLongMakesTheBatchSayWhich) {
  Put(Number(1));
  Put(Number(2));
  PlatformConnection worker = Session();
  worker.Run("BEGIN; SELECT 1 FROM execution WHERE id = 1 FOR UPDATE");
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1))),
                                        Fails(LetterBuilder(Number(2)))};
  EXPECT_EQ(Refused(batch).fault, LedgerFault::kRowLocked);
  EXPECT_EQ(LettersInLedger(), 0U);

  const auto settled = Settle(batch, LockedRows::kDefer);
  EXPECT_EQ(settled.at(0).outcome, Outcome::kDeferred);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kFailed);
  EXPECT_EQ(StateOf(batch[0]), LetterState::kWaiting);

  const Instant later = batch[0].try_again_at + seconds(1);
  const auto due = Good(settlement_->TakeDue(later, 10, kMuch, kLease));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].outcome, Outcome::kDeferred);
  const std::vector<Judgement> again = {Again(batch[0], due[0])};
  EXPECT_EQ(Good(settlement_->SettleAgain(again, LockedRows::kDefer)).at(0).outcome,
            Outcome::kDeferred);

  worker.Run("UPDATE execution SET status = 'completed' WHERE id = 1; COMMIT");
  const auto after = Good(settlement_->SettleAgain(again, LockedRows::kDefer));
  EXPECT_EQ(after.at(0).outcome, Outcome::kNotFailable);
  EXPECT_EQ(StatusOf(Number(1)), "completed");
  EXPECT_EQ(StateOf(batch[0]), LetterState::kClosed);
}

TEST_P(PostgresLedger, P2_ACompletionThatCommitsWhileSettleWaitsForItsLockWins) {
  Use({.lock_timeout = kPatient});
  Put(Number(1), "running");
  PlatformConnection worker = Session();
  worker.Run("BEGIN; UPDATE execution SET status = 'completed' WHERE id = 1");
  LedgerResult<std::vector<SettledLetter>> result;
  const Judgement judgement = Fails(LetterBuilder(Number(1)));
  std::jthread settling = SettleBeside({judgement}, result);
  Session().AwaitLockWaits(1);
  worker.Run("COMMIT");
  settling.join();
  EXPECT_EQ(Good(result).at(0).outcome, Outcome::kNotFailable);
  EXPECT_EQ(Show(judgement).summary.outcome, Outcome::kNotFailable);
  EXPECT_EQ(StatusOf(Number(1)), "completed");
  EXPECT_THAT(Claim(), testing::IsEmpty());
}

TEST_P(PostgresLedger, AnExecutionThatBecomesFailableWhileSettleWaitsIsFailed) {
  Use({.lock_timeout = kPatient});
  Put(Number(1), "scheduling");
  PlatformConnection scheduler = Session();
  scheduler.Run("BEGIN; UPDATE execution SET status = 'scheduled' WHERE id = 1");
  LedgerResult<std::vector<SettledLetter>> result;
  std::jthread settling = SettleBeside({Fails(LetterBuilder(Number(1)))}, result);
  Session().AwaitLockWaits(1);
  scheduler.Run("COMMIT");
  settling.join();
  EXPECT_EQ(Good(result).at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(StatusOf(Number(1)), "failed");
}

TEST_P(PostgresLedger, P2_AReplayThatCommitsWhileSettleWaitsMakesTheLetterStale) {
  Use({.lock_timeout = kPatient});
  Put(Number(1));
  PlatformConnection replayer = Session();
  replayer.Run(
      "BEGIN; UPDATE execution SET status = 'scheduled' WHERE id = 1;"
      "INSERT INTO deadletter.replay_owner SELECT '1', '1', gen_random_uuid(), updated "
      "FROM execution WHERE id = 1");
  LedgerResult<std::vector<SettledLetter>> result;
  std::jthread settling = SettleBeside({Fails(LetterBuilder(Number(1)))}, result);
  Session().AwaitLockWaits(1);
  replayer.Run("COMMIT");
  settling.join();
  EXPECT_EQ(Good(result).at(0).outcome, Outcome::kStaleAttempt);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
}

TEST_P(PostgresLedger, AnExecutionDeletedWhileSettleWaitsIsNotFound) {
  Use({.lock_timeout = kPatient});
  Put(Number(1));
  PlatformConnection cleaner = Session();
  cleaner.Run("BEGIN; DELETE FROM execution WHERE id = 1");
  LedgerResult<std::vector<SettledLetter>> result;
  std::jthread settling = SettleBeside({Fails(LetterBuilder(Number(1)))}, result);
  Session().AwaitLockWaits(1);
  cleaner.Run("COMMIT");
  settling.join();
  EXPECT_EQ(Good(result).at(0).outcome, Outcome::kNotFound);
}

TEST_P(PostgresLedger, ARowThatAnotherRowRefersToIsNoReasonToWait) {
  Put(Number(1));
  postgres().platform().Run("CREATE TABLE step (execution bigint REFERENCES execution)");
  PlatformConnection worker = Session();
  worker.Run("BEGIN; INSERT INTO step VALUES (1)");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
  worker.Run("COMMIT");
}

TEST_P(PostgresLedger, P5_InADeadlockWithThePlatformWeGiveWay) {
  Put(Number(1));
  Put(Number(2));
  PlatformConnection worker = Session();
  worker.Run("BEGIN; UPDATE execution SET status = 'completed' WHERE id = 2");
  LedgerResult<std::vector<SettledLetter>> result;
  std::jthread settling =
      SettleBeside({Fails(LetterBuilder(Number(1))), Fails(LetterBuilder(Number(2)))}, result);
  Session().AwaitLockWaits(1);
  // Now we hold 1 and wait for 2: the platform's statement closes the circle, and goes through.
  worker.Run("UPDATE execution SET status = 'completed' WHERE id = 1; COMMIT");
  settling.join();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fault, LedgerFault::kRowLocked);
  EXPECT_EQ(StatusOf(Number(1)), "completed");
  EXPECT_EQ(StatusOf(Number(2)), "completed");
}

TEST_P(PostgresLedger, AKeyThatAnotherInstanceIsRecordingIsBusyNotLocked) {
  Put(Number(1));
  const Judgement judgement = Fails(LetterBuilder(Number(1)).Key(1));
  PlatformConnection other = Session();
  other.Run("BEGIN; INSERT INTO deadletter.letter_key VALUES ('\\x" + std::string(46, '0') +
            "01', gen_random_uuid())");
  EXPECT_EQ(Refused({judgement}, LockedRows::kDefer).fault, LedgerFault::kBusy);
  other.Run("ROLLBACK");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
}

// Makes every commit of a letter wait for a lock that `holder` holds.
void HoldCommits(PlatformConnection& platform, PlatformConnection& holder) {
  platform.Run(
      "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;"
      "CREATE CONSTRAINT TRIGGER dawdling AFTER INSERT ON deadletter.letter DEFERRABLE INITIALLY "
      "DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION dawdle()");
  holder.Run("SELECT pg_advisory_lock(1)");
}

TEST_P(PostgresLedger, P1_AConnectionLostDuringTheCommitIsInDoubt) {
  Use({.lock_timeout = kPatient});
  Put(Number(1));
  PlatformConnection holder = Session();
  HoldCommits(postgres().platform(), holder);
  LedgerResult<std::vector<SettledLetter>> result;
  const Judgement judgement = Fails(LetterBuilder(Number(1)));
  postgres().platform().Run("ALTER TABLE deadletter.letter DISABLE TRIGGER dawdling");
  Good(settlement_->Probe());
  postgres().platform().Run("ALTER TABLE deadletter.letter ENABLE TRIGGER dawdling");
  std::jthread settling = SettleBeside({judgement}, result);
  PlatformConnection killer = Session();
  killer.AwaitLockWaits(1);
  EXPECT_EQ(killer.Value("SELECT pg_terminate_backend($1::int)", {BackendOf(killer, "COMMIT")}),
            "t");
  settling.join();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fault, LedgerFault::kInDoubt);

  holder.Run("SELECT pg_advisory_unlock(1)");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
  EXPECT_EQ(LettersInLedger(), 1U);
}

TEST_P(PostgresLedger, AConnectionEndedBeforeTheCommitIsUnavailableAndNothingHappened) {
  Use({.lock_timeout = kPatient});
  Put(Number(1));
  PlatformConnection worker = Session();
  worker.Run("BEGIN; SELECT 1 FROM execution FOR UPDATE");
  LedgerResult<std::vector<SettledLetter>> result;
  const Judgement judgement = Fails(LetterBuilder(Number(1)));
  std::jthread settling = SettleBeside({judgement}, result);
  PlatformConnection killer = Session();
  killer.AwaitLockWaits(1);
  EXPECT_EQ(killer.Value("SELECT pg_terminate_backend($1::int)", {BackendOf(killer, "new_key")}),
            "t");
  settling.join();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fault, LedgerFault::kUnavailable);
  worker.Run("ROLLBACK");
  EXPECT_EQ(OutcomeOf(judgement), Outcome::kFailed);
}

TEST_P(PostgresLedger, P5_ACancelledStatementIsNoLettersFault) {
  Use({.lock_timeout = kPatient});
  Put(Number(1));
  PlatformConnection worker = Session();
  worker.Run("BEGIN; SELECT 1 FROM execution FOR UPDATE");
  LedgerResult<std::vector<SettledLetter>> result;
  std::jthread settling = SettleBeside({Fails(LetterBuilder(Number(1)))}, result);
  PlatformConnection killer = Session();
  killer.AwaitLockWaits(1);
  EXPECT_EQ(killer.Value("SELECT pg_cancel_backend($1::int)", {BackendOf(killer, "new_key")}), "t");
  settling.join();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fault, LedgerFault::kStatement);
  EXPECT_EQ(result.error().code, "57014");
}

TEST_P(PostgresLedger, AnAbortEndsASettleThatWaits) {
  Use({.lock_timeout = kPatient});
  Put(Number(1));
  PlatformConnection worker = Session();
  worker.Run("BEGIN; SELECT 1 FROM execution FOR UPDATE");
  LedgerResult<std::vector<SettledLetter>> result;
  std::jthread settling = SettleBeside({Fails(LetterBuilder(Number(1)))}, result);
  Session().AwaitLockWaits(1);
  settlement_->Abort();
  settling.join();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fault, LedgerFault::kInDoubt);
}

TEST_P(PostgresLedger, AConnectionThatDiedIdleIsReplacedWithoutAnError) {
  Put(Number(1));
  Good(settlement_->Probe());
  PlatformConnection killer = Session();
  const auto ended = killer.Ask(
      "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = "
      "'deadletter' "
      "AND datname = current_database()");
  EXPECT_GE(ended.size(), 1U);
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
}

TEST_P(PostgresLedger, P5_AServerThatMayOnlyReadIsNoLettersFault) {
  Put(Number(1));
  PlatformConnection platform = Session();
  platform.Run("ALTER DATABASE \"" + platform.Value("SELECT current_database()") +
               "\" SET default_transaction_read_only = on");
  settlement_ = ledger_->OpenSettlement();
  EXPECT_EQ(Refused({Fails(LetterBuilder(Number(1)))}).fault, LedgerFault::kStatement);
  const auto probed = settlement_->Probe();
  ASSERT_FALSE(probed.has_value());
  EXPECT_EQ(probed.error().fault, LedgerFault::kStatement);
  EXPECT_EQ(probed.error().code, "25006");
}

TEST_P(PostgresLedger, P1_NobodysDefaultWeakensOurCommits) {
  PlatformConnection platform = Session();
  const std::string database = platform.Value("SELECT current_database()");
  platform.Run("ALTER DATABASE \"" + database + "\" SET synchronous_commit = off");
  platform.Run(
      "CREATE TABLE told (setting text); CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql "
      "AS $$"
      "BEGIN INSERT INTO told VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;"
      "CREATE TRIGGER telling BEFORE INSERT ON deadletter.letter FOR EACH ROW EXECUTE FUNCTION "
      "tell()");
  for (const auto& [setting, expected] :
       {std::pair("off", "on"), {"local", "on"}, {"remote_apply", "remote_apply"}}) {
    platform.Run("TRUNCATE told; ALTER DATABASE \"" + database +
                 "\" SET synchronous_commit = " + setting);
    settlement_ = ledger_->OpenSettlement();
    EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kNotFound);
    EXPECT_EQ(platform.Value("SELECT setting FROM told"), expected);
  }
}

TEST_P(PostgresLedger, ADefaultOfSerializableChangesNothing) {
  PlatformConnection platform = Session();
  platform.Run("ALTER DATABASE \"" + platform.Value("SELECT current_database()") +
               "\" SET default_transaction_isolation = serializable");
  settlement_ = ledger_->OpenSettlement();
  Put(Number(1));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
}

TEST_P(PostgresLedger, AMissingRightIsNoLettersFaultAndTheProbeSeesIt) {
  Put(Number(1));
  PlatformConnection platform = Session();
  platform.Run(
      "DROP ROLE IF EXISTS narrow; CREATE ROLE narrow LOGIN PASSWORD 'narrow'; GRANT USAGE ON "
      "SCHEMA deadletter TO narrow;"
      "GRANT ALL ON ALL TABLES IN SCHEMA deadletter TO narrow; GRANT ALL ON ALL SEQUENCES IN "
      "SCHEMA deadletter TO narrow;"
      "GRANT SELECT ON execution TO narrow");
  auto narrow = postgres::MakeSettlement(As("narrow"));
  const auto probed = narrow->Probe();
  ASSERT_FALSE(probed.has_value());
  EXPECT_EQ(probed.error().fault, LedgerFault::kStatement);
  EXPECT_EQ(probed.error().code, "42501");
  platform.Run("GRANT UPDATE (status, result, updated) ON execution TO narrow");
  Good(narrow->Probe());
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1)))};
  EXPECT_EQ(Good(narrow->Settle(batch, LockedRows::kWait)).at(0).outcome, Outcome::kFailed);
  narrow.reset();
  platform.Run("DROP OWNED BY narrow; DROP ROLE narrow");
}

TEST_P(PostgresLedger, ATriggerThatNotifiesTooMuchIsTheLettersFault) {
  Put(Number(1));
  postgres().platform().Run(
      "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN PERFORM pg_notify('loud', repeat('x', 9000)); RETURN NULL; END $$;"
      "CREATE TRIGGER shouting AFTER UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION shout()");
  EXPECT_EQ(Refused({Fails(LetterBuilder(Number(1)))}).fault, LedgerFault::kLetter);
}

TEST_P(PostgresLedger, ATriggerThatWritesAnotherStatusLeavesNoFalseRecord) {
  Put(Number(1));
  postgres().platform().Run(
      "CREATE FUNCTION prefer() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN NEW.status := 'abandoned'; RETURN NEW; END $$;"
      "CREATE TRIGGER preferring BEFORE UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION "
      "prefer()");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kRefused);
  EXPECT_THAT(Claim(), testing::IsEmpty());
}

TEST_P(PostgresLedger, NamesAreTheUsersWhateverIsInThem) {
  PlatformConnection platform = Session();
  platform.Run(
      "CREATE SCHEMA \"Odd \"\"Schema\"; CREATE TABLE \"Odd \"\"Schema\".\"select.from\" "
      "(\"The Id\" smallint PRIMARY KEY, \"sta\"\"tus\" char(10) NOT NULL, \"{{id}}\" "
      "varchar(4000), \"when\" timestamp)");
  platform.Run("INSERT INTO \"Odd \"\"Schema\".\"select.from\" VALUES (3, 'scheduled')");
  postgres::Options options = postgres().options();
  options.schema = "Our \"own\"";
  options.executions.table = "Odd \"Schema.select.from";
  options.executions.id = "The Id";
  options.executions.status = "sta\"tus";
  options.executions.result = "{{id}}";
  options.executions.updated = "when";
  options.executions.worker = options.executions.action = options.executions.action_ref = "";
  Good(postgres::MakeMigrator(options)->Migrate());
  auto settlement = postgres::MakeSettlement(options);
  Good(settlement->Probe());
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(3))),
                                        Fails(LetterBuilder(Number(70'000)))};
  const auto settled = Good(settlement->Settle(batch, LockedRows::kWait));
  EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kNotFound);
  EXPECT_EQ(Good(settlement->CloseFinished(10)), 0U);
  EXPECT_EQ(platform.Value("SELECT \"sta\"\"tus\"::text FROM \"Odd \"\"Schema\".\"select.from\""),
            "failed");
}

TEST_P(PostgresLedger, AViewMayBeThePlatformsTable) {
  Put(Number(1));
  postgres().platform().Run(
      "CREATE VIEW work AS SELECT id, status, result, updated, action_ref FROM execution");
  postgres::Options options = postgres().options();
  options.executions.table = "work";
  options.executions.worker = options.executions.action = "";
  auto settlement = postgres::MakeSettlement(options);
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1)))};
  EXPECT_EQ(Good(settlement->Settle(batch, LockedRows::kWait)).at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(StatusOf(Number(1)), "failed");
}

TEST_P(PostgresLedger, AnIdOfTwoRowsIsRefusedAndNothingHappens) {
  postgres().platform().Run(
      "CREATE TABLE twins (id bigint, status text, updated timestamptz DEFAULT now());"
      "INSERT INTO twins VALUES (5, 'running'), (5, 'running'), (6, 'running')");
  postgres::Options options = postgres().options();
  options.executions.table = "twins";
  options.executions.result = options.executions.worker = "";
  options.executions.action = options.executions.action_ref = "";
  auto settlement = postgres::MakeSettlement(options);
  for (const LockedRows locked : {LockedRows::kWait, LockedRows::kDefer}) {
    const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(5))),
                                          Fails(LetterBuilder(Number(6)))};
    const auto refused = settlement->Settle(batch, locked);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().fault, LedgerFault::kStatement);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("executions.id"));
  }
  EXPECT_EQ(LettersInLedger(), 0U);
  EXPECT_EQ(postgres().platform().Value("SELECT count(*) FROM twins WHERE status = 'failed'"), "0");
  const std::vector<Judgement> good = {Fails(LetterBuilder(Number(6)))};
  EXPECT_EQ(Good(settlement->Settle(good, LockedRows::kWait)).at(0).outcome, Outcome::kFailed);
}

TEST_P(PostgresLedger, ATimestampWithoutATimeZoneIsUtcWhateverTheRolesZone) {
  postgres().platform().Run(
      "CREATE TABLE plain (id bigint PRIMARY KEY, status text, updated timestamp);"
      "INSERT INTO plain VALUES (5, 'running', '2026-11-23 12:00:00')");
  postgres().platform().Run("ALTER DATABASE \"" +
                            postgres().platform().Value("SELECT current_database()") +
                            "\" SET TimeZone = 'Asia/Tokyo'");
  postgres::Options options = postgres().options();
  options.executions.table = "plain";
  options.executions.result = options.executions.worker = "";
  options.executions.action = options.executions.action_ref = "";
  auto settlement = postgres::MakeSettlement(options);
  const Instant stamp = ParseRfc3339("2026-11-23T12:00:00Z").value().instant;
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(5)).Attempt(stamp))};
  EXPECT_EQ(Good(settlement->Settle(batch, LockedRows::kWait)).at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(
      postgres().platform().Value("SELECT abs(extract(epoch FROM updated - now() AT TIME ZONE "
                                  "'UTC')) < 3600 FROM plain"),
      "t");
}

TEST_P(PostgresLedger, P5_TheServerNoticesAHostThatHasVanished) {
  Put(Number(1));
  postgres().platform().Run(
      "CREATE TABLE told (what text);"
      "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN INSERT INTO told SELECT string_agg(current_setting(name), ' ' ORDER BY name) FROM "
      "unnest(ARRAY['tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', "
      "'tcp_user_timeout']) AS name; RETURN NEW; END $$;"
      "CREATE TRIGGER telling BEFORE UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION tell()");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
  EXPECT_EQ(postgres().platform().Value("SELECT what FROM told"), "3 10 5 30000");
}

TEST_P(PostgresLedger, P9_FoldingWritesOnlyWhereThereIsSomethingToFold) {
  PlatformConnection& platform = postgres().platform();
  for (int number = 1; number <= 3; ++number) {
    Put(Number(number));
    EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(number)))), Outcome::kFailed);
  }
  const auto rows = [&] {
    return platform.Value("SELECT count(*) || ' ' || max(xmin::text) FROM deadletter.letter_count");
  };
  Good(settlement_->CloseFinished(100));
  const std::string folded = rows();
  EXPECT_EQ(folded.substr(0, 2), "1 ");
  Good(settlement_->CloseFinished(100));
  EXPECT_EQ(rows(), folded);
}

TEST_P(PostgresLedger, APartitionedTableMayBeThePlatformsTable) {
  postgres().platform().Run(
      "CREATE TABLE parted (id bigint PRIMARY KEY, status text, result jsonb, updated timestamptz "
      "DEFAULT now()) "
      "PARTITION BY RANGE (id); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO "
      "(10);"
      "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20);"
      "INSERT INTO parted VALUES (5, 'running'), (15, 'scheduled')");
  postgres::Options options = postgres().options();
  options.executions.table = "public.parted";
  options.executions.worker = options.executions.action = options.executions.action_ref = "";
  auto settlement = postgres::MakeSettlement(options);
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(15))),
                                        Fails(LetterBuilder(Number(5)))};
  const auto settled = Good(settlement->Settle(batch, LockedRows::kWait));
  EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(settled.at(1).outcome, Outcome::kFailed);
}

TEST_P(PostgresLedger, WhatDoesNotFitTheTableIsSaidByTheConfigurationsKey) {
  const auto probe = [&](auto change) {
    postgres::Options options = postgres().options();
    change(options.executions);
    const auto probed = postgres::MakeSettlement(options)->Probe();
    if (probed) return std::string("nothing was wrong");
    EXPECT_EQ(probed.error().fault, LedgerFault::kStatement);
    EXPECT_EQ(probed.error().message.find('\n'), std::string::npos);
    return probed.error().message;
  };
  using testing::HasSubstr;
  EXPECT_THAT(probe([](ExecutionTable& table) { table.table = "nowhere.to_be_found"; }),
              HasSubstr("executions.table"));
  EXPECT_THAT(probe([](ExecutionTable& table) { table.result = "outcome"; }),
              HasSubstr("executions.result"));
  EXPECT_THAT(probe([](ExecutionTable& table) { table.result = "created"; }),
              HasSubstr("executions.result"));
  EXPECT_THAT(probe([](ExecutionTable& table) { table.error = "id"; }),
              HasSubstr("executions.error"));
  EXPECT_THAT(probe([](ExecutionTable& table) { table.finished = "action_ref"; }),
              HasSubstr("executions.finished"));
  EXPECT_THAT(probe([](ExecutionTable& table) { table.id_type = ExecutionIdType::kUuid; }),
              HasSubstr("executions.id_type"));
  EXPECT_THAT(probe([](ExecutionTable& table) { table.failed = "broken"; }), HasSubstr("broken"));
}

TEST_P(PostgresLedger, ATableThatIsMendedIsSeenWithoutANewConnection) {
  Put(Number(1));
  postgres().platform().Run("ALTER TABLE execution RENAME result TO outcome");
  EXPECT_EQ(Refused({Fails(LetterBuilder(Number(1)))}).fault, LedgerFault::kStatement);
  postgres().platform().Run("ALTER TABLE execution RENAME outcome TO result");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
}

TEST_P(PostgresLedger, ALedgerThatIsNotMigratedSaysSo) {
  Use({.migrated = false});
  EXPECT_EQ(Refused({Fails(LetterBuilder(Number(1)))}).fault, LedgerFault::kStatement);
  EXPECT_FALSE(catalog_->List({}, 10, {}).has_value());
}

TEST_P(PostgresLedger, ANewerSchemaIsLeftAlone) {
  postgres().platform().Run(
      "INSERT INTO deadletter.migration (version, name) VALUES (99, 'from the future')");
  auto migrator = ledger_->OpenMigrator();
  EXPECT_TRUE(Good(migrator->Status()).IsNewer());
  const auto refused = migrator->Migrate();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, LedgerFault::kStatement);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("newer"));
}

TEST_P(PostgresLedger, TheMigrationsRunAsPrintedToo) {
  Use({.migrated = false});
  PlatformConnection& platform = postgres().platform();
  platform.Run("CREATE ROLE deadletter LOGIN PASSWORD 'deadletter'");
  platform.Run("CREATE SCHEMA app; ALTER TABLE execution SET SCHEMA app");
  postgres().options().executions.table = "app.execution";
  platform.Run(ledger_->OpenMigrator()->Print());
  EXPECT_TRUE(Good(ledger_->OpenMigrator()->Status()).IsCurrent());
  platform.Run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA app TO deadletter");
  // A platform with an outbox of its own, which a trigger writes: in our session it must find that
  // one.
  platform.Run(
      "CREATE TABLE outbox (what text); GRANT INSERT ON outbox TO deadletter;"
      "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN INSERT INTO outbox VALUES (NEW.status); RETURN NEW; END $$;"
      "CREATE TRIGGER noting BEFORE UPDATE ON app.execution FOR EACH ROW EXECUTE FUNCTION note()");
  Put(Number(1000));
  {
    const postgres::Options options = As("deadletter");
    auto settlement = postgres::MakeSettlement(options);
    Good(settlement->Probe());
    const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1000)))};
    EXPECT_EQ(Good(settlement->Settle(batch, LockedRows::kWait)).at(0).outcome, Outcome::kFailed);
    EXPECT_EQ(platform.Value("SELECT what FROM public.outbox"), "failed");
    EXPECT_EQ(Good(postgres::MakeOutbox(options)->Claim(Now(), kMany, kMuch, kLease)).size(), 1U);
    EXPECT_EQ(Good(postgres::MakeCatalog(options)->Counts()).letters.at(LetterState::kOpen), 1);
    const std::vector<NewExecution> wanted(1);
    EXPECT_EQ(Good(postgres::MakeExecutions(options)->Submit(wanted, Now())).size(), 1U);
    EXPECT_EQ(Good(settlement->CloseFinished(10)), 0U);
  }
  platform.Run("DROP OWNED BY deadletter; DROP ROLE deadletter");
}

TEST_P(PostgresLedger, AMigrationWithoutTheRightToCreateASchemaUsesTheOneThatIsThere) {
  Use({.migrated = false});
  PlatformConnection platform = Session();
  platform.Run(
      "DROP ROLE IF EXISTS tenant; CREATE ROLE tenant LOGIN PASSWORD 'tenant'; "
      "CREATE SCHEMA deadletter AUTHORIZATION tenant");
  EXPECT_FALSE(Good(postgres::MakeMigrator(As("tenant"))->Migrate()).empty());
  platform.Run("DROP OWNED BY tenant; DROP ROLE tenant");
}

class PostgresServer : public testing::Test {
 protected:
  PostgresServer() {
    options_.url = server_.MakeDatabase("ledger");
    PlatformConnection platform(options_.url);
    platform.Run(std::string(PostgresTable(PlatformShape::kAttune)));
    platform.Run(
        "INSERT INTO execution (action_ref, status) VALUES ('a', 'running'), ('b', 'running')");
    Good(postgres::MakeMigrator(options_)->Migrate());
  }

  PrivatePostgres server_;
  postgres::Options options_;
};

TEST_F(PostgresServer, P1_AnOutageIsUnavailableAndWhatWasSettledIsThereAfterACrash) {
  auto settlement = postgres::MakeSettlement(options_);
  const std::vector<Judgement> first = {Fails(LetterBuilder(Number(1)))};
  const std::vector<Judgement> second = {Fails(LetterBuilder(Number(2)))};
  EXPECT_EQ(Good(settlement->Settle(first, LockedRows::kWait)).at(0).outcome, Outcome::kFailed);
  server_.Kill();
  for (int i = 0; i < 2; ++i) {
    const auto refused = settlement->Settle(second, LockedRows::kWait);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().fault, LedgerFault::kUnavailable);
    EXPECT_EQ(refused.error().message.find(server_.password()), std::string::npos);
    EXPECT_EQ(refused.error().message.find('\n'), std::string::npos);
  }
  server_.Start();
  EXPECT_FALSE(Good(settlement->Settle(first, LockedRows::kWait)).at(0).recorded);
  EXPECT_EQ(Good(settlement->Settle(second, LockedRows::kWait)).at(0).outcome, Outcome::kFailed);
  EXPECT_EQ(Good(postgres::MakeCatalog(options_)->List({}, 10, {})).letters.size(), 2U);
}

TEST_F(PostgresServer, AWrongPasswordIsUnavailableAndNotTold) {
  options_.url = "postgresql://platform:Wr0ngSecret" + options_.url.substr(options_.url.find('@'));
  const auto probed = postgres::MakeSettlement(options_)->Probe();
  ASSERT_FALSE(probed.has_value());
  EXPECT_EQ(probed.error().fault, LedgerFault::kUnavailable);
  EXPECT_THAT(probed.error().message, testing::Not(testing::HasSubstr("Wr0ngSecret")));
}

TEST(PostgresUrl, ThatIsNoneIsUnavailableAndNotTold) {
  postgres::Options options;
  options.url = "postgresql://user:S3cret%zz@host/";
  const auto probed = postgres::MakeSettlement(options)->Probe();
  ASSERT_FALSE(probed.has_value());
  EXPECT_EQ(probed.error().fault, LedgerFault::kUnavailable);
  EXPECT_THAT(probed.error().message, testing::Not(testing::HasSubstr("S3cret")));
  EXPECT_THAT(probed.error().message, testing::HasSubstr("ledger.url"));
}

}  // namespace
}  // namespace deadletter::test
