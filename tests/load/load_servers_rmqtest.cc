// Hostile load over RabbitMQ and PostgreSQL.
#include <fmt/format.h>
#include <signal.h>

#include "base/text.h"
#include "tests/conformance/rabbitmq_under_test.h"
#include "tests/load/load.h"
#include "tests/support/http_get.h"
#include "tests/support/platform_connection.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {
namespace {

RabbitUnderTest& Rabbit(World& world) {
  return dynamic_cast<RabbitUnderTest&>(world.pair().broker());
}

// No client may send a frame as long as that, but a message that goes on dying has one in the end:
// the node itself makes it.
constexpr const char* kPublishInNode = R"(
  Deaths = [{{table, [{{<<"count">>, long, 1}}, {{<<"reason">>, longstr, <<"expired">>}},
      {{<<"queue">>, longstr, list_to_binary("worker." ++ integer_to_list(N) ++ ".executions")}},
      {{<<"time">>, timestamp, 1767225600}}, {{<<"exchange">>, longstr, <<"attune.executions">>}},
      {{<<"routing-keys">>, array, [{{longstr, <<"execution.dispatch.worker.7">>}}]}}]}}
    || N <- lists:seq(1, {deaths})],
  Exchange = rabbit_misc:r(<<"{vhost}">>, exchange, <<>>),
  [rabbit_basic:publish(Exchange, <<"{queue}">>, [{{headers, [{{<<"x-death">>, array, Deaths}}]}},
      {{delivery_mode, 2}}, {{message_id, Id}}], base64:decode(Body))
    || {{Id, Body}} <- [{letters}]].)";

void PublishInNode(World& world, const std::string& queue, const std::vector<Message>& letters,
                   int deaths) {
  std::vector<std::string> encoded;
  for (const Message& letter : letters) {
    encoded.push_back(fmt::format(R"({{<<"{}">>, <<"{}">>}})", letter.properties.message_id.value(),
                                  Base64(letter.body)));
  }
  RabbitUnderTest& rabbit = Rabbit(world);
  rabbit.node().Control(
      {"eval",
       fmt::format(kPublishInNode, fmt::arg("deaths", deaths), fmt::arg("vhost", rabbit.vhost()),
                   fmt::arg("queue", queue), fmt::arg("letters", fmt::join(encoded, ", ")))});
}

void PublishWithDeaths(World& world, const std::vector<Message>& letters, int deaths) {
  PublishInNode(world, kDeadLetterQueue, letters, deaths);
}

class ServersUnderLoad : public UnderLoad {};

// A trigger of the platform's that holds up each commit for a second.
constexpr const char* kSlowCommits = R"(
CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('slow.commit', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
    PERFORM set_config('slow.commit', pg_current_xact_id()::text, true), pg_sleep(1);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT OR UPDATE ON deadletter.letter
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_commit();
)";

TEST_P(ServersUnderLoad, P1_P9_ALedgerThatTakesASecondForEachCommitSlowsIntakeAndLosesNothing) {
  Load load(GetParam().pair, Buffering(kBuffered / kMebibyte));
  PlatformConnection(load.world().pair().LedgerUrl()).Run(kSlowCommits);
  load.Publish(dead_, sizes_.letters_for_a_slow_ledger, [&](int number) {
    if (number % 10 == 0) load.AddExecution(number);
    return load.Request(number, kMebibyte);
  });
  const auto began = Now();
  Server server = load.world().ServeReleased();
  ASSERT_TRUE(load.WaitUntilAllIsDone(began)) << server.process().output();
  EXPECT_TRUE(AwaitObservationAbove(server, "deadletter_settle_seconds", "0.5"));
  EXPECT_TRUE(
      AwaitFigure(server, "deadletter_letter_age_seconds_count", sizes_.letters_for_a_slow_ledger));
  load.End({&server}, {.max_buffered_bytes = kBuffered});
}

TEST_P(ServersUnderLoad, P1_P3_P6_ConnectionsCutOverAndOverLoseAndDoubleNothing) {
  Load load(GetParam().pair);
  Server server = load.world().ServeReleased();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  const auto began = Now();
  for (int cut = 0; cut < sizes_.cut_connections; ++cut) {
    load.Publish(dead_, 100, [&](int number) {
      if (number % 5 == 0) load.AddExecution(1000 * cut + number);
      return load.Request(1000 * cut + number);
    });
    RabbitUnderTest& rabbit = Rabbit(load.world());
    const std::size_t lines = server.process().lines();
    rabbit.node().CloseConnections(rabbit.vhost());
    // Closed is what the broker has listed by then: again, until what consumes is among it.
    if (cut % 4 != 0) continue;
    EXPECT_TRUE(WaitUntil([&] {
      rabbit.node().CloseConnections(rabbit.vhost());
      return server.process()
          .WaitForLine("queue_not_consumed", std::chrono::milliseconds(500), lines)
          .has_value();
    })) << server.process().output();
  }
  ASSERT_TRUE(load.WaitUntilAllIsDone(began)) << server.process().output();
  load.End({&server}, {.max_buffered_bytes = 64 * kMebibyte});
}

// More than nine mebibytes of deaths: more than we read. A start may cost it two deliveries, one
// among others and one alone, and a fifth would destroy it. Where a quorum queue puts what is given
// back to it is its own affair: what stands before such a letter then is recorded, and what stands
// behind it waits until somebody has taken it out.
TEST_P(ServersUnderLoad, P1_P4_ALetterWithPropertiesThatCannotBeReadIsNamedAndLeftInItsQueue) {
  constexpr int kLetters = 100;
  const std::string queue = "quorum.dlq";
  Load load(GetParam().pair, {.queues = "[[queue]]\nname = \"" + queue + "\"\n"});
  RabbitUnderTest& rabbit = Rabbit(load.world());
  rabbit.DeclareQueue(queue, {.delivery_limit = 4});
  std::vector<Message> letters;
  const auto make = [&](int) {
    letters.push_back(load.Request(static_cast<std::int64_t>(letters.size()) + 1));
    load.AddExecution(static_cast<std::int64_t>(letters.size()));
    return letters.back();
  };
  load.Publish({"", queue}, kLetters / 2, make);
  Message unreadable;
  unreadable.body = "it dies and dies";
  PublishInNode(load.world(), queue, {AsPublished(unreadable)}, 55'000);
  load.Publish({"", queue}, kLetters / 2, make);
  for (int start = 1; start <= 2; ++start) {
    Server server = load.world().ServeReleased();
    EXPECT_TRUE(WaitUntil([&] {
      return HttpGet(server.url() + "/readyz").body.find("take it out") != std::string::npos;
    })) << server.process().output();
    EXPECT_TRUE(server.process().WaitForLine("letter_unreadable", kPatience));
    EXPECT_EQ(FigureOf(server, "deadletter_intake_paused", "unreadable"), 1);
    EXPECT_TRUE(server.StopsAsPromised());
  }
  const std::size_t recorded = load.world().Letters().size();
  ASSERT_TRUE(WaitUntil([&] { return rabbit.ReadyMessages(queue) + recorded == kLetters + 1; }))
      << rabbit.ReadyMessages(queue) << " and " << recorded;

  rabbit.node().Purge(rabbit.vhost(), queue);
  load.Publish({"", queue}, kLetters, [&](int number) { return letters.at(number - 1); });
  const auto began = Now();
  Server server = load.world().ServeReleased();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  ASSERT_TRUE(load.WaitUntilAllIsDone(began)) << server.process().output();
  ASSERT_TRUE(WaitUntil([&] { return rabbit.ReadyMessages(queue) == 0; }));
  load.End({&server}, {.max_buffered_bytes = 64 * kMebibyte});
}

const LoadCase kServers{ServersPair(), 0, PublishWithDeaths};
const auto kName = [](const auto&) { return "Pair"; };

INSTANTIATE_TEST_SUITE_P(Servers, UnderLoad, testing::Values(kServers), kName);
INSTANTIATE_TEST_SUITE_P(Servers, ServersUnderLoad, testing::Values(kServers), kName);

}  // namespace
}  // namespace deadletter::test
