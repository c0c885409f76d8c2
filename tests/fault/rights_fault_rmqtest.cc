// What we may not do: a right of ours is taken away in the database or in the broker, the ledger
// belongs to a newer program, or the database has no place left. Said to whoever looks, and over
// once it is mended.
#include <deque>

#include "tests/fault/fire.h"

namespace deadletter::test {
namespace {

class RightsTrouble : public Fire {
 protected:
  RightsTrouble() {
    Platform().Run("CREATE ROLE " + role_ +
                   " LOGIN PASSWORD 'place'; GRANT ALL ON SCHEMA public, "
                   "deadletter TO " +
                   role_ +
                   "; GRANT ALL ON ALL TABLES IN SCHEMA public, "
                   "deadletter TO " +
                   role_ +
                   "; GRANT ALL ON ALL SEQUENCES IN SCHEMA public, "
                   "deadletter TO " +
                   role_);
  }

  [[nodiscard]] std::string RoleUrl() {
    const std::string url = world_.pair().LedgerUrl();
    return "postgresql://" + role_ + ":place" + url.substr(url.find('@'));
  }
  [[nodiscard]] std::map<std::string, std::string> AsRole() {
    return {{"DEADLETTER_LEDGER_URL", RoleUrl()}};
  }
  std::size_t InQueue() { return world_.pair().broker().ReadyMessages(kDeadLetterQueue); }

  const std::string role_ = [this] {
    const std::string url = world_.pair().LedgerUrl();
    return "clerk_" + url.substr(url.rfind('/') + 1);
  }();
};

TEST_F(RightsTrouble, P1_P5_ARightThatIsTakenAwayInTheDatabasePausesIntake) {
  Server server = world_.Serve(AsRole());
  SendLetters(kFewLetters);
  ASSERT_TRUE(AwaitFailed(1, kFewLetters)) << server.process().output();
  Platform().Run("REVOKE UPDATE ON execution FROM " + role_);
  SendLetters(kFewLetters);
  const auto paused = server.process().WaitForLine("intake_paused", kPatience);
  ASSERT_TRUE(paused) << server.process().output();
  EXPECT_NE(paused->find("42501"), std::string::npos) << *paused;
  EXPECT_TRUE(AwaitReadiness(server, "permission denied for table execution"));
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  EXPECT_TRUE(AwaitPaused(server, "statement")) << server.GetText("/metrics");
  EXPECT_EQ(world_.Letters().size(), static_cast<std::size_t>(kFewLetters))
      << "no letter is blamed";
  Platform().Run("GRANT UPDATE ON execution TO " + role_);
  ExpectAllIsWell(server);
}

TEST_F(RightsTrouble, P1_P5_ARightThatIsTakenAwayInTheBrokerIsNamedAndWaitedFor) {
  const std::string user = BrokerUser();
  node().SetPermissions(vhost(), user, "", ".*", ".*");
  Server server = world_.Serve({{"DEADLETTER_BROKER_URL", BrokerUrlOf(user)}});
  SendLetters(kFewLetters);
  ASSERT_TRUE(AwaitFailed(1, kFewLetters)) << server.process().output();
  node().SetPermissions(vhost(), user, "", ".*", "^$");
  broker_gate().Reset();  // what is subscribed stays so
  const auto refused = server.process().WaitForLine("ACCESS_REFUSED", kPatience);
  ASSERT_TRUE(refused) << server.process().output();
  EXPECT_NE(refused->find("queue_not_consumed"), std::string::npos) << *refused;
  EXPECT_NE(refused->find(R"("cause":"refused")"), std::string::npos) << *refused;
  EXPECT_TRUE(AwaitReadiness(server, "ACCESS_REFUSED"));
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  SendLetters(kFewLetters);
  EXPECT_EQ(InQueue(), static_cast<std::size_t>(kFewLetters));
  node().SetPermissions(vhost(), user, "", ".*", ".*");
  ExpectAllIsWell(server);
}

TEST_F(RightsTrouble, P1_P5_WrongCredentialsAreToldWithoutThePasswordAndWaitedFor) {
  const std::string user = BrokerUser();
  node().SetPermissions(vhost(), user, "", ".*", ".*");
  std::string url = BrokerUrlOf(user);
  const std::string wrong = "mistyped";
  url.replace(url.find(":place@"), 7, ":" + wrong + "@");
  SendLetters(kFewLetters);
  Server server = world_.Serve({{"DEADLETTER_BROKER_URL", url}});
  const auto told = server.process().WaitForLine("queue_not_consumed", kPatience);
  ASSERT_TRUE(told) << server.process().output();
  EXPECT_NE(told->find("ACCESS_REFUSED"), std::string::npos) << *told;
  EXPECT_TRUE(server.process().WaitForLine("broker_away", kPatience)) << server.process().output();
  EXPECT_TRUE(AwaitReadiness(server, R"("part":"broker","state":"missing")"));
  EXPECT_EQ(FigureOf(server, "deadletter_broker_connected"), 0);
  EXPECT_EQ(InQueue(), static_cast<std::size_t>(kFewLetters));
  for (const std::string& said : {server.process().output(), server.GetText("/metrics"),
                                  HttpGet(server.url() + "/readyz").body}) {
    EXPECT_EQ(said.find(wrong), std::string::npos) << said;
  }
  node().Control({"change_password", user, wrong});
  ExpectAllIsWell(server);
}

TEST_F(RightsTrouble, P1_P5_ALedgerOfANewerProgramIsLeftAloneAndWaitedFor) {
  Platform().Run("INSERT INTO deadletter.migration (version, name) VALUES (9999, 'later')");
  Server server = world_.Serve();
  SendLetters(kFewLetters);
  const auto waits = server.process().WaitForLine("ledger_not_ready", kPatience);
  ASSERT_TRUE(waits) << server.process().output();
  EXPECT_NE(waits->find("version 9999"), std::string::npos) << *waits;
  EXPECT_TRUE(AwaitReadiness(server, "run the newer deadletter"));
  EXPECT_TRUE(AwaitReadiness(server, "ledger schema"));
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
  EXPECT_EQ(InQueue(), static_cast<std::size_t>(kFewLetters));
  EXPECT_EQ(world_.Letters().size(), 0U);
  for (const char* command : {"submit", "serve"}) {
    std::vector<std::string> arguments = {command};
    if (arguments[0] == "submit") {
      arguments.insert(arguments.end(), {"--queue", "worker.7.executions", "--action", "a"});
    }
    const Finished refused = world_.Run(arguments, {{"DEADLETTER_LEDGER_AUTO_MIGRATE", "false"},
                                                    {"DEADLETTER_HTTP_LISTEN", "127.0.0.1:0"}});
    EXPECT_EQ(refused.status, 1) << refused.output;
    EXPECT_NE(refused.output.find("run the newer deadletter"), std::string::npos) << refused.output;
    const bool says_so = refused.output.find("nothing was recorded") != std::string::npos;
    EXPECT_EQ(says_so, arguments[0] == "submit") << refused.output;
  }
  EXPECT_EQ(Platform().Value("SELECT count(*) FROM execution"), std::to_string(kFewLetters));
  Platform().Run("DELETE FROM deadletter.migration WHERE version = 9999");
  ExpectAllIsWell(server);
}

TEST_F(RightsTrouble, P1_P5_ADatabaseThatHasNoConnectionLeftIsWaitedForAndNamed) {
  Server server = world_.Serve(AsRole());
  SendLetters(kFewLetters);
  ASSERT_TRUE(AwaitFailed(1, kFewLetters)) << server.process().output();
  PlatformConnection admin = Platform();  // superusers have places of their own
  std::deque<PlatformConnection> crowd;
  // A place that we give up is taken by whoever asks first: until none of them is ours.
  ASSERT_TRUE(WaitUntil([&] {
    admin.Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role_ +
              "' AND application_name = 'deadletter'");
    try {
      while (true) crowd.emplace_back(RoleUrl());
    } catch (const std::runtime_error& full) {
      EXPECT_NE(std::string(full.what()).find("remaining connection slots"), std::string::npos)
          << full.what();
    }
    return admin.Value("SELECT count(*) FROM pg_stat_activity WHERE usename = '" + role_ +
                       "' AND application_name = 'deadletter'") == "0";
  }));
  SendLetters(kFewLetters);
  EXPECT_TRUE(AwaitReadiness(server, "remaining connection slots"))
      << HttpGet(server.url() + "/readyz").body;
  const auto paused = server.process().WaitForLine("intake_paused", kPatience);
  ASSERT_TRUE(paused) << server.process().output();
  EXPECT_NE(paused->find("unavailable"), std::string::npos) << *paused;
  EXPECT_TRUE(AwaitPaused(server, "unavailable")) << server.GetText("/metrics");
  crowd.clear();
  ExpectAllIsWell(server);
}

// What the platform does to its own table, and it is no letter's fault.
struct PlatformChange {
  std::string name, change, undo, said;
};

void PrintTo(const PlatformChange& change, std::ostream* out) {
  *out << change.name;
}

class PlatformTrouble : public Fire, public testing::WithParamInterface<PlatformChange> {};

TEST_P(PlatformTrouble, P1_P5_IntakePausesUntilItIsUndoneAndNoLetterIsBlamed) {
  Server server = world_.Serve();
  SendLetters(kFewLetters);
  ASSERT_TRUE(AwaitFailed(1, kFewLetters)) << server.process().output();
  Add(kFewLetters + 1, 2 * kFewLetters);
  Platform().Run(GetParam().change);
  SendFor(kFewLetters + 1, 2 * kFewLetters);
  const auto paused = server.process().WaitForLine("intake_paused", kPatience);
  ASSERT_TRUE(paused) << server.process().output();
  EXPECT_TRUE(AwaitPaused(server, "statement")) << server.GetText("/metrics");
  EXPECT_TRUE(AwaitReadiness(server, GetParam().said)) << HttpGet(server.url() + "/readyz").body;
  EXPECT_EQ(world_.Letters().size(), static_cast<std::size_t>(kFewLetters));
  Platform().Run(GetParam().undo);
  ExpectAllIsWell(server);
  for (const LetterSummary& letter : world_.Letters()) {
    EXPECT_EQ(letter.outcome, Outcome::kFailed);
    for (const LetterStep& step : world_.Record(letter.id).history)
      EXPECT_THAT(step.what, testing::AnyOf("failed", "event_published"));
  }
}

std::string Raises(const std::string& code) {
  return "CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
         "RAISE 'not now' USING ERRCODE = '" +
         code +
         "'; END $$; CREATE TRIGGER raising BEFORE UPDATE ON execution FOR EACH ROW "
         "EXECUTE FUNCTION raise()";
}
constexpr const char* kRaiseNoMore = "DROP FUNCTION raise() CASCADE";

INSTANTIATE_TEST_SUITE_P(
    Servers, PlatformTrouble,
    testing::Values(
        PlatformChange{"Status",
                       "ALTER TYPE execution_status_enum RENAME VALUE 'failed' TO 'broken'",
                       "ALTER TYPE execution_status_enum RENAME VALUE 'broken' TO 'failed'",
                       "executions.failed"},
        PlatformChange{"Column", "ALTER TABLE execution RENAME COLUMN result TO outcome",
                       "ALTER TABLE execution RENAME COLUMN outcome TO result", "result"},
        PlatformChange{"Table", "ALTER TABLE execution RENAME TO job",
                       "ALTER TABLE job RENAME TO execution", "execution"},
        PlatformChange{"Trigger42501", Raises("42501"), kRaiseNoMore, "not now"},
        PlatformChange{"TriggerP0002", Raises("P0002"), kRaiseNoMore, "not now"}),
    [](const auto& change) { return change.param.name; });

}  // namespace
}  // namespace deadletter::test
