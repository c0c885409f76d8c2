// `deadletter doctor` over RabbitMQ and PostgreSQL.
#include <algorithm>
#include <set>

#include "broker/rabbitmq/url.h"
#include "tests/support/platform_connection.h"
#include "tests/support/private_postgres.h"
#include "tests/support/private_rabbitmq.h"
#include "tests/system/doctor.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Servers, Doctor, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });

namespace {

class DoctorOnServers : public testing::Test {
 protected:
  PrivateRabbitMq& node() { return dynamic_cast<OnRabbitMq&>(world_.pair()).node(); }
  const std::string& vhost() { return dynamic_cast<OnRabbitMq&>(world_.pair()).vhost(); }
  PlatformConnection Platform() { return PlatformConnection(world_.pair().LedgerUrl()); }

  // A user of the broker with these rights, as broker.url.
  std::map<std::string, std::string> AsUser(const std::string& write, const std::string& read) {
    const std::string user = "clerk-" + FormatUuid(RandomUuid());
    node().AddUser(user, "place");
    node().SetPermissions(vhost(), user, "^$", write, read);
    const std::string url = node().AmqpUrl(vhost());
    return {{"DEADLETTER_BROKER_URL", "amqp://" + user + ":place" + url.substr(url.find('@'))}};
  }

  void TakeManagementAway() {
    std::ifstream file(world_.config_file());
    std::string toml(std::istreambuf_iterator<char>(file), {});
    const auto from = toml.find("management_url");
    std::ofstream(world_.config_file()) << toml.erase(from, toml.find('\n', from) - from);
  }

  World world_{ServersPair()};
};

TEST_F(DoctorOnServers, P7_LooksAtAQueueWithADeliveryLimitWithoutCounting) {
  World world(ServersPair(), {.queues = QueuesWith("limited")});
  world.pair().broker().DeclareQueue("limited", {.delivery_limit = 1});
  world.Publish({"", "limited"}, "letter");
  for (int look = 0; look < 4; ++look) EXPECT_EQ(AskDoctor(world).status, 3);
  EXPECT_EQ(world.pair().broker().ReadyMessages("limited"), 1U);
  const auto consumer = world.pair().broker().MakeConsumer("limited");
  ASSERT_TRUE(consumer->Subscribe(10));
  const auto letters =
      consumer->Receive({.max_letters = 10, .max_bytes = 1 << 20, .wait = kPatience});
  ASSERT_TRUE(letters) << letters.error().message;
  ASSERT_EQ(letters->size(), 1U);
  EXPECT_FALSE(letters->front().redelivered);
}

// With every right to do so.
TEST_F(DoctorOnServers, P7_DeclaresNothing) {
  const auto bindings = node().ListBindings(vhost());
  const auto names = [&](const std::string& what) {
    return node().Management("GET", "/api/" + what + "/" + rabbitmq::PercentEncode(vhost()) +
                                        "?columns=name,type,arguments");
  };
  const auto exchanges = names("exchanges");
  const auto queues = names("queues");
  const std::map<std::string, std::string> elsewhere = {
      {"DEADLETTER_TOPOLOGY_DLX", "elsewhere.dlx"}, {"DEADLETTER_TOPOLOGY_DLQ", "elsewhere.queue"}};
  EXPECT_EQ(AskDoctor(world_, elsewhere).status, 3);
  TakeManagementAway();
  EXPECT_EQ(AskDoctor(world_, elsewhere).status, 3);
  EXPECT_EQ(node().ListBindings(vhost()), bindings);
  EXPECT_EQ(names("exchanges"), exchanges);
  EXPECT_EQ(names("queues"), queues);
}

TEST_F(DoctorOnServers, FindsAUserWhoMayNotReadLettersOrSendEvents) {
  const DoctorSays deaf = AskDoctor(world_, AsUser(".*", "^$"));
  EXPECT_EQ(deaf.status, 3);
  EXPECT_THAT(deaf.all, testing::Contains(Says("wrong", "right to read queue attune.dlx.queue",
                                               "refuses user", "set_permissions")));
  const DoctorSays dumb = AskDoctor(world_, AsUser("^$", ".*"));
  EXPECT_EQ(dumb.status, 3);
  EXPECT_THAT(dumb.all,
              testing::Contains(Says("wrong", "right to write to exchange attune.executions",
                                     "refuses user", "set_permissions")));
  EXPECT_THAT(dumb.all,
              testing::Contains(Says("warning", "right to write to exchange amq.default")));
  // Nothing to configure is needed: `serve` declares nothing.
  EXPECT_EQ(
      AskDoctor(world_, AsUser("^(attune\\.executions|amq\\.default)$", "^attune\\.dlx\\..*queue$"))
          .status,
      0);
}

TEST_F(DoctorOnServers, SaysWhatItCannotSeeWithoutTheManagementApi) {
  TakeManagementAway();
  const DoctorSays says = AskDoctor(world_);
  EXPECT_EQ(says.status, 0);
  EXPECT_THAT(says.AllBut("ok"),
              testing::UnorderedElementsAre(
                  Says("unknown", "management API", "", "set broker.management_url"),
                  Says("unknown", "events exchange attune.executions", "it exists")));
}

TEST_F(DoctorOnServers, FindsAWrongPasswordOfTheManagementApiAndDoesNotTellIt) {
  std::string url = node().ManagementUrl();
  url.replace(url.find("://"), url.find('@') - url.find("://"), "://guest:mistyped");
  const DoctorSays says = AskDoctor(world_, {{"DEADLETTER_BROKER_MANAGEMENT_URL", url}});
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "management API", "401")));
  EXPECT_THAT(says.all, testing::Contains(Says("ok", "queue attune.dlx.queue", "it exists")));
  for (const auto& one : says.all) {
    EXPECT_THAT(one.seen + one.advice, testing::Not(testing::HasSubstr("mistyped")));
  }
}

TEST_F(DoctorOnServers, LooksAtTheLedgerWhileTheBrokerIsAwayAndTheOtherWayRound) {
  const DoctorSays no_broker =
      AskDoctor(world_, {{"DEADLETTER_BROKER_URL", "amqp://guest:guest@127.0.0.1:1/"},
                         {"DEADLETTER_BROKER_MANAGEMENT_URL", "http://127.0.0.1:1"}});
  EXPECT_EQ(no_broker.status, 3);
  EXPECT_THAT(no_broker.all, testing::Contains(Says("wrong", "broker amqp://127.0.0.1:1/%2F")));
  EXPECT_THAT(no_broker.all, testing::Contains(Says("unknown", "exchanges and queues")));
  EXPECT_THAT(no_broker.all, testing::Contains(Says("ok", "ledger schema")));
  const DoctorSays no_ledger = AskDoctor(
      world_, {{"DEADLETTER_LEDGER_URL", "postgresql://postgres:secret@127.0.0.1:1/nowhere"}});
  EXPECT_EQ(no_ledger.status, 3);
  EXPECT_THAT(no_ledger.all, testing::Contains(Says("wrong", "ledger", "refused")));
  EXPECT_THAT(no_ledger.all, testing::Contains(Says("ok", "queue attune.dlx.queue")));
}

TEST_F(DoctorOnServers, P9_ComesToAnEndWhereNobodyAnswers) {
  world_.pair().Freeze();
  const DoctorSays says = AskDoctor(world_);
  world_.pair().Thaw();
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "ledger", "no answer")));
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "management API")));
}

TEST_F(DoctorOnServers, FindsQueuesWhoseDeadVanish) {
  const std::string exchange = R"({"x-dead-letter-exchange":")";
  node().DeclareQueue(vhost(), "orphans", exchange + R"(nowhere"})");
  node().DeclareExchange(vhost(), "narrow", "direct");
  node().Bind(vhost(), "narrow", kEventQueue, "#");
  node().DeclareQueue(vhost(), "astray",
                      exchange + R"(narrow","x-dead-letter-routing-key":"late"})");
  node().DeclareQueue(vhost(), "safe",
                      exchange + R"(attune.dlx","x-dead-letter-routing-key":"late"})");
  node().DeclareQueue(vhost(), "short", R"({"x-message-ttl":1000})");
  node().DeclareQueue(vhost(), "twice", R"({"x-message-ttl":60000})");
  node().SetPolicy(vhost(), "hurry", "^twice$", "queues",
                   R"({"message-ttl":10,"dead-letter-exchange":"attune.dlx"})");
  node().DeclareQueue(vhost(), "quorum", exchange + R"(attune.dlx","x-queue-type":"quorum"})");
  DoctorSays says;
  EXPECT_TRUE(WaitUntil([&] {  // a policy applies a moment after it was set
    says = AskDoctor(world_);
    return std::ranges::count(says.all, "time to live in queue twice", &Checked::check) == 1;
  }));
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(
      says.AllBut("ok"),
      testing::UnorderedElementsAre(
          Says("wrong", "deaths in queue orphans", "nowhere does not exist", "declare it"),
          Says("wrong", "deaths in queue astray", "routing key \"late\"", "bind a queue"),
          Says("warning", "time to live without dead letter exchange", "short"),
          Says("warning", "time to live in queue twice", "60000 ms, and policy hurry makes it 10"),
          Says("warning", "dead lettering at most once", "quorum", "at-least-once")));
}

// The original of this program's platform: direct, and bound with '#'.
TEST_F(DoctorOnServers, FindsADirectDeadLetterExchangeAndItsCommandMendsIt) {
  node().DeclareExchange(vhost(), "plain.dlx", "direct");
  node().Bind(vhost(), "plain.dlx", kDeadLetterQueue, "#");
  const std::map<std::string, std::string> plain = {{"DEADLETTER_TOPOLOGY_DLX", "plain.dlx"},
                                                    {"DEADLETTER_TOPOLOGY_WORKER_QUEUE", "w.{id}"}};
  node().DeclareQueue(vhost(), "w.7",
                      R"({"x-message-ttl":600000,"x-dead-letter-exchange":"plain.dlx"})");
  node().Bind(vhost(), "attune.executions", "w.7", "execution.dispatch.worker.7");
  const DoctorSays lost = AskDoctor(world_, plain);
  EXPECT_EQ(lost.status, 3);
  EXPECT_THAT(lost.all, testing::Contains(Says("wrong", "exchange plain.dlx", "wildcard")));
  const auto found = std::ranges::find(lost.all, "deaths in queue w.7", &Checked::check);
  ASSERT_NE(found, lost.all.end());
  EXPECT_EQ(found->level, "wrong");
  node().RunShell(found->advice);
  const DoctorSays mended = AskDoctor(world_, plain);
  EXPECT_EQ(mended.status, 0);
}

TEST_F(DoctorOnServers, FindsAnEventsExchangeThatNobodyListensTo) {
  node().DeclareExchange(vhost(), "deaf", "topic");
  const DoctorSays deaf = AskDoctor(world_, {{"DEADLETTER_EVENTS_EXCHANGE", "deaf"}});
  EXPECT_EQ(deaf.status, 3);
  EXPECT_THAT(deaf.all, testing::Contains(Says("wrong", "events exchange deaf", "no queue gets")));
  const DoctorSays none = AskDoctor(world_, {{"DEADLETTER_EVENTS_EXCHANGE", "none"}});
  EXPECT_THAT(none.all, testing::Contains(Says("wrong", "events exchange none", "not exist")));
  EXPECT_EQ(AskDoctor(world_, {{"DEADLETTER_EVENTS_ENABLED", "false"}}).status, 0);
}

TEST_F(DoctorOnServers, FindsABrokerThatIsShortOfMemory) {
  PrivateRabbitMq::MemoryAlarm alarm(node());
  DoctorSays says;
  EXPECT_TRUE(WaitUntil([&] {
    says = AskDoctor(world_);
    return says.status == 3;
  }));
  EXPECT_THAT(says.AllBut("ok"), testing::ElementsAre(testing::Field(
                                     &Checked::seen, testing::HasSubstr("short of memory"))));
  alarm.Clear();
  EXPECT_TRUE(WaitUntil([&] { return AskDoctor(world_).status == 0; }));
}

class DoctorOnPostgres : public DoctorOnServers {
 protected:
  const std::string role_ = [this] {
    const std::string url = world_.pair().LedgerUrl();
    return "reader_" + url.substr(url.rfind('/') + 1);
  }();
  std::map<std::string, std::string> AsRole() {
    const std::string url = world_.pair().LedgerUrl();
    return {
        {"DEADLETTER_LEDGER_URL", "postgresql://" + role_ + ":place" + url.substr(url.find('@'))}};
  }
};

TEST_F(DoctorOnPostgres, FindsARoleThatMayOnlyReadAndItsGrantsMendIt) {
  Platform().Run("CREATE ROLE " + role_ +
                 " LOGIN PASSWORD 'place'; GRANT USAGE ON SCHEMA public, "
                 "deadletter TO " +
                 role_ +
                 "; GRANT SELECT ON ALL TABLES IN SCHEMA public, "
                 "deadletter TO " +
                 role_);
  std::set<std::string> mended;
  DoctorSays says = AskDoctor(world_, AsRole());
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "rights on schema deadletter")));
  EXPECT_THAT(says.all, testing::Contains(
                            Says("wrong", "rights on executions table execution", "",
                                 "GRANT UPDATE (status, result, updated) ON public.execution")));
  // What it says is what is run: a few grants at a time, until nothing is missing.
  for (int round = 0; round < 20 && says.status == 3; ++round) {
    for (const auto& one : says.all) {
      const auto from = one.advice.find("GRANT ");
      if (one.level != "wrong" || from == std::string::npos) continue;
      Platform().Run(one.advice.substr(from, one.advice.rfind(';') - from));
    }
    says = AskDoctor(world_, AsRole());
  }
  EXPECT_THAT(says.AllBut("ok"), testing::IsEmpty());
  Server server = world_.Serve(AsRole());
  const ExecutionId id = world_.AddExecution(1);
  world_.PublishDead(World::DeadMessage(world_.Envelope("1")));
  EXPECT_TRUE(world_.WaitForStatus(id, "failed")) << server.process().output();
  EXPECT_TRUE(server.StopsAsPromised());
}

TEST_F(DoctorOnPostgres, FindsAnEnumThatDoesNotKnowOurWords) {
  Platform().Run(
      "CREATE TYPE small_status AS ENUM ('scheduled', 'running', 'completed');"
      "CREATE TABLE small (LIKE execution INCLUDING INDEXES);"
      "ALTER TABLE small ALTER COLUMN status TYPE small_status USING NULL");
  const DoctorSays says = AskDoctor(world_, {{"DEADLETTER_EXECUTIONS_TABLE", "small"}});
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all,
              testing::Contains(Says("wrong", "executions table small", "executions.failed")));
  Platform().Run("ALTER TYPE small_status ADD VALUE 'failed'");
  const DoctorSays better = AskDoctor(world_, {{"DEADLETTER_EXECUTIONS_TABLE", "small"}});
  EXPECT_EQ(better.status, 0);
  EXPECT_THAT(better.AllBut("ok"),
              testing::ElementsAre(
                  Says("warning", "status words", "\"cancelled\", \"timeout\", \"abandoned\"")));
}

TEST_F(DoctorOnPostgres, WarnsOfATableWithoutIndexOfTriggersAndOfHiddenRows) {
  Platform().Run(
      "CREATE TABLE bare (LIKE execution);"
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
      "'no'; END $$;"
      "CREATE TRIGGER guard BEFORE UPDATE ON bare FOR EACH ROW EXECUTE FUNCTION refuse()");
  const DoctorSays says = AskDoctor(world_, {{"DEADLETTER_EXECUTIONS_TABLE", "bare"}});
  EXPECT_THAT(says.AllBut("ok"),
              testing::UnorderedElementsAre(
                  Says("warning", "executions table bare", "no index", "CREATE UNIQUE INDEX"),
                  Says("warning", "triggers", "guard (raises)")));
  Platform().Run("ALTER TABLE bare SET UNLOGGED");
  EXPECT_THAT(AskDoctor(world_, {{"DEADLETTER_EXECUTIONS_TABLE", "bare"}}).all,
              testing::Contains(Says("wrong", "executions table bare", "unlogged", "SET LOGGED")));
}

TEST_F(DoctorOnPostgres, FindsALedgerOfANewerProgramAndOneThatIsReadOnly) {
  Platform().Run("INSERT INTO deadletter.migration (version, name) VALUES (9999, 'later')");
  const DoctorSays newer = AskDoctor(world_);
  EXPECT_EQ(newer.status, 3);
  EXPECT_THAT(newer.all, testing::Contains(Says("wrong", "ledger schema", "9999", "newer")));
  Platform().Run("CREATE ROLE " + role_ + " SUPERUSER LOGIN PASSWORD 'place'; ALTER ROLE " + role_ +
                 " SET default_transaction_read_only = on");
  const DoctorSays read_only = AskDoctor(world_, AsRole());
  EXPECT_EQ(read_only.status, 3);
  EXPECT_THAT(read_only.all, testing::Contains(Says("wrong", "ledger", "read-only", "ALTER ROLE")));
}

TEST_F(DoctorOnPostgres, WarnsWhereTheRoleHasTooFewConnections) {
  Platform().Run("CREATE ROLE " + role_ + " SUPERUSER LOGIN PASSWORD 'place' CONNECTION LIMIT 10");
  const DoctorSays says = AskDoctor(world_, AsRole());
  EXPECT_THAT(says.all, testing::Contains(Says("warning", "connections", "may have 10")));
}

TEST(DoctorOnAStandby, SaysThatItIsOne) {
  PrivatePostgres primary;
  World world(ServersPair(primary));
  const PrivatePostgres standby(PrivatePostgres::Standby::kOf, primary);
  const std::string url = world.pair().LedgerUrl();
  ASSERT_TRUE(WaitUntil([&] {
    const DoctorSays says =
        AskDoctor(world, {{"DEADLETTER_LEDGER_URL", standby.Url(url.substr(url.rfind('/') + 1))}});
    return says.status == 3 && std::ranges::any_of(says.all, [](const Checked& one) {
             return one.level == "wrong" && one.check == "ledger" &&
                    one.seen.find("standby") != std::string::npos &&
                    one.advice.find("target_session_attrs") != std::string::npos;
           });
  }));
}

}  // namespace
}  // namespace deadletter::test
