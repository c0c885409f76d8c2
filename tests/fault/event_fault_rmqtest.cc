// What is to be published finds no taker: the events' exchange is gone, nothing is bound to it, we
// may not write to it, or what the ledger holds of a message cannot be read. Letters are handled
// all the while, and what was kept is sent once that is mended.
#include "tests/fault/fire.h"

namespace deadletter::test {
namespace {

constexpr const char* kEvents = "attune.executions";

class EventTrouble : public Fire {
 protected:
  void FailAFew(Server& server) {
    SendLetters(kFewLetters);
    EXPECT_TRUE(AwaitFailed(letters() - kFewLetters + 1, letters())) << server.process().output();
  }
  std::string InOutbox() { return Platform().Value("SELECT count(*) FROM deadletter.outbox"); }
  // As if the half minute and more were over for which it waits between two tries.
  void LetTheWaitsBeOver() { Platform().Run("UPDATE deadletter.outbox SET due_at = now()"); }
  void BindTheListener() {
    world_.pair().broker().Bind(kEvents, kEventQueue, "execution.completed");
  }
};

TEST_F(EventTrouble, P5_P6_WhereTheirExchangeIsMissingEventsWaitAndAreHeardOnceItIsThere) {
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  node().DeleteExchange(vhost(), kEvents);
  FailAFew(server);
  EXPECT_TRUE(AwaitMetric(server, R"(deadletter_events_published_total{outcome="no_target"} 20)"));
  EXPECT_TRUE(AwaitReadiness(server, "events exchange attune.executions"));
  const HttpAnswer ready = HttpGet(server.url() + "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_NE(ready.body.find("does not exist; events wait in the outbox"), std::string::npos)
      << ready.body;
  EXPECT_EQ(InOutbox(), std::to_string(kFewLetters));
  const Finished applied = world_.Run({"topology", "apply"});
  ASSERT_EQ(applied.status, 0) << applied.output;
  BindTheListener();
  LetTheWaitsBeOver();
  ExpectAllIsWell(server);
}

TEST_F(EventTrouble, P5_P6_WhereNothingIsBoundEventsWaitAndAreHeardOnceSomethingIs) {
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  world_.pair().broker().DeleteQueue(kEventQueue);
  FailAFew(server);
  EXPECT_TRUE(AwaitMetric(server, R"(deadletter_events_published_total{outcome="unroutable"} 20)"));
  EXPECT_TRUE(AwaitReadiness(server, "20 messages are unroutable: bind a queue"))
      << HttpGet(server.url() + "/readyz").body;
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 200) << "a warning";
  EXPECT_EQ(InOutbox(), std::to_string(kFewLetters));
  world_.pair().broker().DeclareQueue(kEventQueue, {});
  BindTheListener();
  LetTheWaitsBeOver();
  ExpectAllIsWell(server);
}

TEST_F(EventTrouble, P5_P6_WhereWeMayNotWriteEventsWaitAndAreHeardOnceWeMay) {
  const std::string user = BrokerUser();
  node().SetPermissions(vhost(), user, "", "^$", ".*");
  Server server = world_.Serve({{"DEADLETTER_BROKER_URL", BrokerUrlOf(user)}});
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  FailAFew(server);
  EXPECT_TRUE(AwaitMetric(server, R"(deadletter_events_published_total{outcome="no_target"})"));
  EXPECT_TRUE(AwaitReadiness(server, "20 messages are unroutable"))
      << HttpGet(server.url() + "/readyz").body;
  EXPECT_EQ(InOutbox(), std::to_string(kFewLetters));
  EXPECT_NE(Platform().Value("SELECT detail FROM deadletter.outbox LIMIT 1").find("ACCESS_REFUSED"),
            std::string::npos);
  node().SetPermissions(vhost(), user, "", ".*", ".*");
  LetTheWaitsBeOver();
  ExpectAllIsWell(server);
}

// A queue that has no room refuses, and the broker says so of the whole event.
TEST_F(EventTrouble, P6_WhatTheBrokerNacksIsSentAgainUnderItsOwnId) {
  const std::string full = "full.listener";
  node().DeclareQueue(vhost(), full, R"({"x-max-length":1,"x-overflow":"reject-publish"})");
  world_.pair().broker().Bind(kEvents, full, "execution.completed");
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  FailAFew(server);
  EXPECT_TRUE(WaitUntil([&] {
    return FigureOf(server, R"(deadletter_events_published_total{outcome="nacked"})") > 0;
  })) << server.GetText("/metrics");
  EXPECT_NE(InOutbox(), "0");
  world_.pair().broker().DeleteQueue(full);
  LetTheWaitsBeOver();
  ExpectAllIsWell(server);
}

// A message of `submit` that waited for the broker, and that somebody spoils meanwhile.
TEST_F(EventTrouble, P5_AMessageThatCannotBeReadIsPutOffAndNoOther) {
  Platform().Run("SELECT setval(pg_get_serial_sequence('execution', 'id'), 1000)");
  broker_gate().Refuse();
  const Finished submitted =
      world_.Run({"submit", "--queue", kWorkerQueue, "--action", "core.echo", "--count", "2"});
  broker_gate().Accept();
  EXPECT_EQ(submitted.status, 0) << submitted.output;
  EXPECT_NE(submitted.output.find("2 messages wait in the outbox"), std::string::npos)
      << submitted.output;
  for (const std::int64_t id : {1001, 1002}) Submitted(ExecutionId(id));
  Platform().Run(
      "CREATE TABLE undamaged AS SELECT id, properties FROM deadletter.outbox ORDER BY id LIMIT 1;"
      "UPDATE deadletter.outbox SET properties = '{' WHERE id IN (SELECT id FROM undamaged)");
  Server server = world_.Serve();
  const auto withheld = server.process().WaitForLine("outbox_withheld", kPatience);
  ASSERT_TRUE(withheld) << server.process().output();
  EXPECT_NE(withheld->find("a damaged message"), std::string::npos) << *withheld;
  FailAFew(server);
  EXPECT_TRUE(WaitUntil([&] { return InOutbox() == "1"; }));
  EXPECT_NE(Platform().Value("SELECT detail FROM deadletter.outbox").find("a damaged message"),
            std::string::npos);
  EXPECT_EQ(world_.pair().broker().ReadyMessages(kWorkerQueue), 1U);
  Platform().Run(
      "UPDATE deadletter.outbox SET properties = undamaged.properties FROM undamaged "
      "WHERE outbox.id = undamaged.id");
  LetTheWaitsBeOver();
  ExpectAllIsWell(server);
  EXPECT_EQ(world_.pair().broker().ReadyMessages(kWorkerQueue), 2U);
}

}  // namespace
}  // namespace deadletter::test
