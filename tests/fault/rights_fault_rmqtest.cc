// What we may not do: a right of ours is taken away in the database or in the broker, the ledger
// belongs to a newer program, or the database has no place left. Said to whoever looks, and over
// once it is mended.
#include <deque>

#include "tests/fault/fire.h"

namespace deadletter::test {
namespace {

constexpr int kLetters = 20;

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
  SendLetters(kLetters);
  ASSERT_TRUE(AwaitFailed(1, kLetters)) << server.process().output();
  Platform().Run("REVOKE UPDATE ON execution FROM " + role_);
  SendLetters(kLetters);
  const auto paused = server.process().WaitForLine("intake_paused", kPatience);
  ASSERT_TRUE(paused) << server.process().output();
  EXPECT_NE(paused->find("42501"), std::string::npos) << *paused;
  EXPECT_TRUE(AwaitReadiness(server, "permission denied for table execution"));
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  EXPECT_TRUE(AwaitPaused(server, "statement")) << server.GetText("/metrics");
  EXPECT_EQ(world_.Letters().size(), static_cast<std::size_t>(kLetters)) << "no letter is blamed";
  Platform().Run("GRANT UPDATE ON execution TO " + role_);
  ExpectAllIsWell(server);
}

TEST_F(RightsTrouble, P1_P5_ARightThatIsTakenAwayInTheBrokerIsNamedAndWaitedFor) {
  const std::string user = BrokerUser();
  node().SetPermissions(vhost(), user, "", ".*", ".*");
  Server server = world_.Serve({{"DEADLETTER_BROKER_URL", BrokerUrlOf(user)}});
  SendLetters(kLetters);
  ASSERT_TRUE(AwaitFailed(1, kLetters)) << server.process().output();
  node().SetPermissions(vhost(), user, "", ".*", "^$");
  broker_gate().Reset();  // what is subscribed stays so
  const auto refused = server.process().WaitForLine("ACCESS_REFUSED", kPatience);
  ASSERT_TRUE(refused) << server.process().output();
  EXPECT_NE(refused->find("queue_not_consumed"), std::string::npos) << *refused;
  EXPECT_NE(refused->find(R"("cause":"refused")"), std::string::npos) << *refused;
  EXPECT_TRUE(AwaitReadiness(server, "ACCESS_REFUSED"));
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  SendLetters(kLetters);
  EXPECT_EQ(InQueue(), static_cast<std::size_t>(kLetters));
  node().SetPermissions(vhost(), user, "", ".*", ".*");
  ExpectAllIsWell(server);
}

TEST_F(RightsTrouble, P1_P5_ALedgerOfANewerProgramIsLeftAloneAndWaitedFor) {
  Platform().Run("INSERT INTO deadletter.migration (version, name) VALUES (9999, 'later')");
  Server server = world_.Serve();
  SendLetters(kLetters);
  const auto waits = server.process().WaitForLine("ledger_not_ready", kPatience);
  ASSERT_TRUE(waits) << server.process().output();
  EXPECT_NE(waits->find("version 9999"), std::string::npos) << *waits;
  EXPECT_TRUE(AwaitReadiness(server, "run the newer deadletter"));
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
  EXPECT_EQ(InQueue(), static_cast<std::size_t>(kLetters));
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
  EXPECT_EQ(Platform().Value("SELECT count(*) FROM execution"), std::to_string(kLetters));
  Platform().Run("DELETE FROM deadletter.migration WHERE version = 9999");
  ExpectAllIsWell(server);
}

TEST_F(RightsTrouble, P1_P5_ADatabaseThatHasNoConnectionLeftIsWaitedForAndNamed) {
  Server server = world_.Serve(AsRole());
  SendLetters(kLetters);
  ASSERT_TRUE(AwaitFailed(1, kLetters)) << server.process().output();
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
  SendLetters(kLetters);
  EXPECT_TRUE(AwaitReadiness(server, "remaining connection slots"))
      << HttpGet(server.url() + "/readyz").body;
  const auto paused = server.process().WaitForLine("intake_paused", kPatience);
  ASSERT_TRUE(paused) << server.process().output();
  EXPECT_NE(paused->find("unavailable"), std::string::npos) << *paused;
  EXPECT_TRUE(AwaitPaused(server, "unavailable")) << server.GetText("/metrics");
  crowd.clear();
  ExpectAllIsWell(server);
}

}  // namespace
}  // namespace deadletter::test
