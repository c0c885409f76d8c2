// The suites of the ledger's ports over PostgreSQL, and what its locks, sessions and crashes do to
// us.
#include <mutex>

#include "base/rfc3339.h"
#include "tests/conformance/catalog_conformance.h"
#include "tests/conformance/discards_conformance.h"
#include "tests/conformance/executions_conformance.h"
#include "tests/conformance/migrator_conformance.h"
#include "tests/conformance/outbox_conformance.h"
#include "tests/conformance/people_conformance.h"
#include "tests/conformance/postgres_ledger_fixture.h"
#include "tests/conformance/rehearse_conformance.h"
#include "tests/conformance/retry_conformance.h"
#include "tests/conformance/settle_again_conformance.h"
#include "tests/conformance/settle_conformance.h"
#include "tests/conformance/settle_table_conformance.h"
#include "tests/conformance/states_conformance.h"
#include "tests/conformance/walk_conformance.h"

namespace deadletter::test {
namespace {

// In the suites' one database, which every test finds empty: a database a test costs more than the
// test.
std::unique_ptr<LedgerUnderTest> MakePostgresLedger(const LedgerSetup& setup) {
  static const std::string url = SharedPostgres().MakeDatabase("suites");
  return std::make_unique<PostgresLedgerUnderTest>(setup, url);
}

#define DEADLETTER_OVER_POSTGRES(suite)                                                      \
  INSTANTIATE_TEST_SUITE_P(Postgres, suite, testing::Values(MakeLedger(MakePostgresLedger)), \
                           [](const auto&) { return "Ledger"; })
DEADLETTER_OVER_POSTGRES(SettleConformance);
DEADLETTER_OVER_POSTGRES(SettleTableConformance);
DEADLETTER_OVER_POSTGRES(SettleAgainConformance);
DEADLETTER_OVER_POSTGRES(StatesConformance);
DEADLETTER_OVER_POSTGRES(RehearseConformance);
DEADLETTER_OVER_POSTGRES(RetryConformance);
DEADLETTER_OVER_POSTGRES(OutboxConformance);
DEADLETTER_OVER_POSTGRES(CatalogConformance);
DEADLETTER_OVER_POSTGRES(WalkConformance);
DEADLETTER_OVER_POSTGRES(PeopleConformance);
DEADLETTER_OVER_POSTGRES(DiscardsConformance);
DEADLETTER_OVER_POSTGRES(ExecutionsConformance);
DEADLETTER_OVER_POSTGRES(MigratorConformance);
#undef DEADLETTER_OVER_POSTGRES

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

// The server ends it, and says the same as where somebody cancels it.
TEST_P(PostgresLedger, P5_ASettleThatTakesTooLongSaysSoAndFewerLettersGoThrough) {
  Put(Number(1));
  Put(Number(2));
  Session().Run(
      "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ "
      "BEGIN PERFORM pg_sleep(0.6); RETURN NEW; END $$;"
      "CREATE TRIGGER dawdling BEFORE UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION dawdle()");
  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1))),
                                        Fails(LetterBuilder(Number(2)))};
  postgres::Options options = postgres().options();
  options.statement_timeout = std::chrono::seconds(1);
  const auto hurried = postgres::MakeSettlement(options);
  const auto both = hurried->Settle(batch, LockedRows::kWait);
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().fault, LedgerFault::kTooLong) << both.error().message;
  EXPECT_EQ(LettersInLedger(), 0U);
  for (const Judgement& judgement : batch) {
    EXPECT_TRUE(hurried->Settle(std::span(&judgement, 1), LockedRows::kWait));
  }
}

TEST_P(PostgresLedger, P5_AStatusThatWasRenamedIsNoLettersFault) {
  EXPECT_TRUE(settlement_->Probe());
  Session().Run("ALTER TYPE execution_status_enum RENAME VALUE 'failed' TO 'broken'");
  const auto probed = settlement_->Probe();
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().fault, LedgerFault::kStatement);
  const auto named = settlement_->Probe();
  ASSERT_FALSE(named);
  EXPECT_THAT(named.error().message, testing::HasSubstr("executions.failed"));
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

// A retry leaves the row as it is: nothing about the row tells one who passed it over, and who sees
// the ledger as it was before, that another message is waited for now.
TEST_P(PostgresLedger, P2_ARetryThatCommitsWhileItsRowIsPassedOverIsNotOverlooked) {
  Use({.lock_timeout = kPatient});
  Put(Number(1));
  PlatformConnection platform = Session();
  // Whoever judges as this role is stopped after its statement began and before it has a row.
  platform.Run(
      "DROP ROLE IF EXISTS stopped; CREATE ROLE stopped LOGIN PASSWORD 'stopped';"
      "GRANT USAGE ON SCHEMA deadletter TO stopped;"
      "GRANT ALL ON ALL TABLES IN SCHEMA deadletter, public TO stopped;"
      "GRANT ALL ON ALL SEQUENCES IN SCHEMA deadletter TO stopped;"
      "CREATE FUNCTION stop() RETURNS boolean LANGUAGE plpgsql AS $$"
      "BEGIN IF current_query() LIKE '%seen AS MATERIALIZED%' THEN"
      " PERFORM pg_advisory_xact_lock_shared(1); END IF; RETURN true; END $$;"
      "ALTER TABLE execution ENABLE ROW LEVEL SECURITY;"
      "CREATE POLICY stopping ON execution USING (stop())");
  auto settlement = postgres::MakeSettlement(As("stopped"));
  Good(settlement->Probe());
  PlatformConnection gate = Session();
  gate.Run("SELECT pg_advisory_lock(1)");
  PlatformConnection retrier = Session();
  retrier.Run(
      "BEGIN; SELECT FROM execution WHERE id = 1 FOR NO KEY UPDATE;"
      "INSERT INTO deadletter.replay_owner SELECT '1', '1', gen_random_uuid(), updated "
      "FROM execution WHERE id = 1");

  const std::vector<Judgement> batch = {Fails(LetterBuilder(Number(1)))};
  LedgerResult<std::vector<SettledLetter>> result;
  std::jthread settling([&] { result = settlement->Settle(batch, LockedRows::kDefer); });
  Session().AwaitLockWaits(1);
  retrier.Run("COMMIT");
  gate.Run("SELECT pg_advisory_unlock(1)");
  settling.join();

  EXPECT_EQ(Good(result).at(0).outcome, Outcome::kDeferred);
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_THAT(Claim(), testing::IsEmpty());
  settlement.reset();
  platform.Run("DROP OWNED BY stopped; DROP ROLE stopped");
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

TEST_P(PostgresLedger, P5_AnExecutionThatAnotherInstanceIsForgettingHoldsNobodyUp) {
  for (int number = 1; number <= 3; ++number) {
    Put(Number(number));
    EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(number)).Build(), NewReplayId(), Now())),
              Outcome::kRetried);
    ledger_->SetStatus(Number(number), "completed");
  }
  const auto remembered = [&] {
    return postgres().platform().Value("SELECT count(*) FROM deadletter.replay_owner");
  };
  PlatformConnection other = Session();
  other.Run("BEGIN; DELETE FROM deadletter.replay_owner WHERE execution_id = '2'");
  Good(settlement_->CloseFinished(100));
  EXPECT_EQ(remembered(), "1") << "all but the one that is held";
  other.Run("ROLLBACK");
  Good(settlement_->CloseFinished(100));
  EXPECT_EQ(remembered(), "0");
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
  EXPECT_EQ(result.error().fault, LedgerFault::kUnavailable);
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
