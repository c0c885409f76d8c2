// What a platform's own tables, triggers, rights and settings in PostgreSQL can do to us.
#include "base/rfc3339.h"
#include "tests/conformance/postgres_ledger_fixture.h"

namespace deadletter::test {
namespace {

class PostgresPlatform : public PostgresLedger {};

INSTANTIATE_TEST_SUITE_P(Postgres, PostgresPlatform,
                         testing::Values(MakeLedger(MakeSeparateLedger)),
                         [](const auto&) { return "Ledger"; });

TEST_P(PostgresPlatform, AMissingRightIsNoLettersFaultAndTheProbeSeesIt) {
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

TEST_P(PostgresPlatform, ATriggerThatNotifiesTooMuchIsTheLettersFault) {
  Put(Number(1));
  postgres().platform().Run(
      "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN PERFORM pg_notify('loud', repeat('x', 9000)); RETURN NULL; END $$;"
      "CREATE TRIGGER shouting AFTER UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION shout()");
  EXPECT_EQ(Refused({Fails(LetterBuilder(Number(1)))}).fault, LedgerFault::kLetter);
}

TEST_P(PostgresPlatform, ATriggerThatWritesAnotherStatusLeavesNoFalseRecord) {
  Put(Number(1));
  postgres().platform().Run(
      "CREATE FUNCTION prefer() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN NEW.status := 'abandoned'; RETURN NEW; END $$;"
      "CREATE TRIGGER preferring BEFORE UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION "
      "prefer()");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kRefused);
  EXPECT_THAT(Claim(), testing::IsEmpty());
}

TEST_P(PostgresPlatform, NamesAreTheUsersWhateverIsInThem) {
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

TEST_P(PostgresPlatform, AViewMayBeThePlatformsTable) {
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

TEST_P(PostgresPlatform, AnIdOfTwoRowsIsRefusedAndNothingHappens) {
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

TEST_P(PostgresPlatform, ATimestampWithoutATimeZoneIsUtcWhateverTheRolesZone) {
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

TEST_P(PostgresPlatform, P5_TheServerNoticesAHostThatHasVanished) {
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

TEST_P(PostgresPlatform, P9_FoldingWritesOnlyWhereThereIsSomethingToFold) {
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

TEST_P(PostgresPlatform, APartitionedTableMayBeThePlatformsTable) {
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

TEST_P(PostgresPlatform, WhatDoesNotFitTheTableIsSaidByTheConfigurationsKey) {
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

TEST_P(PostgresPlatform, ATableThatIsMendedIsSeenWithoutANewConnection) {
  Put(Number(1));
  postgres().platform().Run("ALTER TABLE execution RENAME result TO outcome");
  EXPECT_EQ(Refused({Fails(LetterBuilder(Number(1)))}).fault, LedgerFault::kStatement);
  postgres().platform().Run("ALTER TABLE execution RENAME outcome TO result");
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
}

TEST_P(PostgresPlatform, ALedgerThatIsNotMigratedSaysSo) {
  Use({.migrated = false});
  EXPECT_EQ(Refused({Fails(LetterBuilder(Number(1)))}).fault, LedgerFault::kStatement);
  EXPECT_FALSE(catalog_->List({}, 10, {}).has_value());
}

TEST_P(PostgresPlatform, ANewerSchemaIsLeftAlone) {
  postgres().platform().Run(
      "INSERT INTO deadletter.migration (version, name) VALUES (99, 'from the future')");
  auto migrator = ledger_->OpenMigrator();
  EXPECT_TRUE(Good(migrator->Status()).IsNewer());
  const auto refused = migrator->Migrate();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, LedgerFault::kStatement);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("newer"));
}

TEST_P(PostgresPlatform, TheMigrationsRunAsPrintedToo) {
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
    EXPECT_EQ(Good(postgres::MakeExecutions(options)->Submit(wanted, Now(), std::nullopt)).size(),
              1U);
    EXPECT_EQ(Good(settlement->CloseFinished(10)), 0U);
    AuditEntry entry;
    entry.id = RandomUuid();
    entry.at = Now();
    const LetterId letter = batch.front().letter.id;
    auto remarks = postgres::MakeRemarks(options);
    EXPECT_EQ(Good(remarks->ChangeTags(letter, {.add = {"a"}, .remove = {}}, entry)).tags.size(),
              1U);
    EXPECT_EQ(Good(postgres::MakeAudit(options)->List({}, 10, {})).entries.size(), 1U);
  }
  // P8: not even by mistake.
  for (const auto& [right, given] : {std::pair("SELECT", "t"),
                                     {"INSERT", "t"},
                                     {"UPDATE", "f"},
                                     {"DELETE", "f"},
                                     {"TRUNCATE", "f"}}) {
    EXPECT_EQ(
        platform.Value("SELECT has_table_privilege('deadletter', 'deadletter.audit', $1)", {right}),
        given)
        << right;
  }
  EXPECT_ANY_THROW(platform.Run("TRUNCATE deadletter.audit")) << "nor may the owner";
  platform.Run("DROP OWNED BY deadletter; DROP ROLE deadletter");
}

TEST_P(PostgresPlatform, AMigrationWithoutTheRightToCreateASchemaUsesTheOneThatIsThere) {
  Use({.migrated = false});
  PlatformConnection platform = Session();
  platform.Run(
      "DROP ROLE IF EXISTS tenant; CREATE ROLE tenant LOGIN PASSWORD 'tenant'; "
      "CREATE SCHEMA deadletter AUTHORIZATION tenant");
  EXPECT_FALSE(Good(postgres::MakeMigrator(As("tenant"))->Migrate()).empty());
  platform.Run("DROP OWNED BY tenant; DROP ROLE tenant");
}

}  // namespace
}  // namespace deadletter::test
