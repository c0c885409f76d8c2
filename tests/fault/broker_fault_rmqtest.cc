// What a RabbitMQ does to its clients: it crashes, closes a channel whose letters wait for too
// long, blocks who publishes, loses a queue, or is suddenly not heard any more.
#include "tests/fault/fire.h"

namespace deadletter::test {
namespace {

class BrokerTrouble : public Fire {
 protected:
  using Fire::Fire;

  // One of the node's own settings, for connections and channels opened as long as this lives.
  class NodeSetting {
   public:
    NodeSetting(PrivateRabbitMq& node, std::string name, const std::string& value,
                std::string before)
        : node_(node), name_(std::move(name)), before_(std::move(before)) {
      Set(value);
    }
    ~NodeSetting() { Set(before_); }
    NodeSetting(const NodeSetting&) = delete;
    NodeSetting& operator=(const NodeSetting&) = delete;

   private:
    void Set(const std::string& value) noexcept {
      try {
        node_.Control({"eval", "application:set_env(rabbit, " + name_ + ", " + value + ")."});
      } catch (const std::runtime_error& error) {
        ADD_FAILURE() << error.what();
      }
    }

    PrivateRabbitMq& node_;
    const std::string name_, before_;
  };
};

TEST_F(BrokerTrouble, P1_P3_P5_P6_ABrokerThatCrashesUnderLoadIsWaitedFor) {
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  SendLetters(300);
  ASSERT_TRUE(WaitUntil([&] { return HasFailed(1); }));
  node().Restart();
  SendLetters(50);
  ExpectAllIsWell(server);
}

// The ledger is away for longer than the broker lets a delivery wait.
TEST_F(BrokerTrouble, P1_P3_P5_AChannelClosedByTheDeliveryTimeoutCostsNothing) {
  auto timeout = std::make_unique<NodeSetting>(node(), "consumer_timeout", "500", "1800000");
  auto tick = std::make_unique<NodeSetting>(node(), "channel_tick_interval", "100", "60000");
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  ledger_gate().Refuse();
  ledger_gate().Reset();
  SendLetters(20);
  const auto closed = server.process().WaitForLine("channel_closed", kPatience);
  timeout.reset();
  tick.reset();
  ASSERT_TRUE(closed) << server.process().output();
  EXPECT_NE(closed->find("queue_not_consumed"), std::string::npos) << *closed;
  EXPECT_NE(closed->find("timed out"), std::string::npos) << *closed;
  ledger_gate().Accept();
  ExpectAllIsWell(server);
}

TEST_F(BrokerTrouble, P5_P6_InAMemoryAlarmIntakeGoesOnAndEventsWait) {
  SendLetters(20);
  PrivateRabbitMq::MemoryAlarm alarm(node());
  Server server = world_.Serve();
  EXPECT_TRUE(AwaitFailed(1, 20)) << server.process().output();
  node().AwaitBlockedConnection(vhost());
  EXPECT_EQ(world_.pair().broker().ReadyMessages(kEventQueue), 0U);
  EXPECT_TRUE(WaitUntil([&] {
    return FigureOf(server, R"(deadletter_events_published_total{outcome="in_doubt"})") > 0;
  })) << server.GetText("/metrics");
  const double age = FigureOf(server, "deadletter_outbox_oldest_seconds");
  EXPECT_TRUE(WaitUntil([&] { return FigureOf(server, "deadletter_outbox_oldest_seconds") > age; }))
      << server.GetText("/metrics");
  alarm.Clear();
  SendLetters(20);
  ExpectAllIsWell(server);
}

// So that of thirty letters, which are as many as come at once, half are still in the buffer while
// the first are settled.
class SmallBatches : public BrokerTrouble {
 protected:
  SmallBatches()
      : BrokerTrouble({.ledger = {},
                       .worker_ids = {"7"},
                       .worker_ttl = std::chrono::minutes(10),
                       .toml = "[intake]\nbatch_letters = 15\n",
                       .queues = ""}) {}

  // Before the first of them is settled: they are on their way to us, and none is acknowledged.
  void StopWithThirtyInHand(Server& server, const std::string& order_file) {
    SendLetters(1);
    ASSERT_TRUE(AwaitFailed(1, 1)) << server.process().output();
    StopAtNext(order_file, "settle.before");
    SendLetters(30);
    ASSERT_TRUE(server.process().WaitForStop(kPatience));
    ASSERT_TRUE(
        WaitUntil([&] { return world_.pair().broker().ReadyMessages(kDeadLetterQueue) == 0; }));
  }
};

// A queue that is deleted gives nothing again: what we have of it is all there is.
TEST_F(SmallBatches, P1_P5_WhatWasInHandWhenTheQueueWasDeletedIsRecordedAndTheNextOneConsumed) {
  const std::string order_file = world_.folder() + "/stop_at";
  Server server = world_.Serve({{"DEADLETTER_FAULT_FILE", order_file}});
  ASSERT_NO_FATAL_FAILURE(StopWithThirtyInHand(server, order_file));
  world_.pair().broker().DeleteQueue(kDeadLetterQueue);
  const Finished applied = world_.Run({"topology", "apply"});
  server.process().Signal(SIGCONT);
  ASSERT_EQ(applied.status, 0) << applied.output;
  EXPECT_TRUE(server.process().WaitForLine("queue_not_consumed", kPatience));
  SendLetters(20);
  ExpectAllIsWell(server);
}

TEST_F(SmallBatches, P1_WhatWasInHandWhenTheQueueWasDeletedIsRecordedBeforeAStopEnds) {
  const std::string order_file = world_.folder() + "/stop_at";
  Server server = world_.Serve({{"DEADLETTER_FAULT_FILE", order_file}});
  ASSERT_NO_FATAL_FAILURE(StopWithThirtyInHand(server, order_file));
  ledger_gate().Refuse();
  ledger_gate().Reset();
  world_.pair().broker().DeleteQueue(kDeadLetterQueue);
  server.process().Signal(SIGCONT);
  ASSERT_TRUE(server.process().WaitForLine("queue_not_consumed", kPatience))
      << server.process().output();
  server.process().Signal(SIGTERM);
  EXPECT_TRUE(server.process().WaitForLine("stopping", kPatience));
  ledger_gate().Accept();
  EXPECT_EQ(server.process().WaitForExit(kPatience), 0) << server.process().output();
  EXPECT_FALSE(server.process().output().contains("letters_lost")) << server.process().output();
  const Finished applied = world_.Run({"topology", "apply"});
  ASSERT_EQ(applied.status, 0) << applied.output;
  Server next = world_.Serve();
  ExpectAllIsWell(next);
}

// A RabbitMQ that cannot write to a socket for half a minute hangs up; here, for a moment.
class HeldWithMoreThanTheBuffer : public BrokerTrouble {
 protected:
  HeldWithMoreThanTheBuffer()
      : BrokerTrouble({.ledger = {},
                       .worker_ids = {"7"},
                       .worker_ttl = std::chrono::minutes(10),
                       .toml = "[intake]\nmax_buffered_bytes = \"1MiB\"\n",
                       .queues = ""}) {}
  void HangUpSoon() {
    node().Control({"eval",
                    "[inet:setopts(P, [{send_timeout, 300}, {send_timeout_close, true}]) || P <- "
                    "erlang:ports(), erlang:port_info(P, name) =:= {name, \"tcp_inet\"}]."});
  }
};

TEST_F(HeldWithMoreThanTheBuffer, P1_P3_P5_P9_ABrokerThatHangsUpGivesTheRestAgain) {
  Server server = world_.Serve();
  SendLetters(20);
  ASSERT_TRUE(AwaitFailed(1, 20)) << server.process().output();
  HangUpSoon();
  ledger_gate().Refuse();
  ledger_gate().Reset();
  // While we stand still the broker sends what it can, and then hangs up: it has all of them again.
  constexpr int kLarge = 300;
  server.process().Signal(SIGSTOP);
  ASSERT_TRUE(server.process().WaitForStop(kPatience));
  SendLetters(kLarge, R"(,"filling":")" + std::string(150'000, 'x') + '"');
  EXPECT_TRUE(
      WaitUntil([&] { return world_.pair().broker().ReadyMessages(kDeadLetterQueue) == kLarge; }));
  server.process().Signal(SIGCONT);
  EXPECT_TRUE(server.process().WaitForLine("intake_paused", kPatience))
      << server.process().output();
  ledger_gate().Accept();
  EXPECT_TRUE(server.process().WaitForLine("queue_not_consumed", kPatience))
      << server.process().output();
  ExpectAllIsWell(server);
}

// Nothing is closed and nothing comes: only heartbeats tell.
TEST_F(BrokerTrouble, P5_ABrokerThatIsNotHeardAnyMoreIsFoundByItsHeartbeats) {
  auto heartbeat = std::make_unique<NodeSetting>(node(), "heartbeat", "1", "60");
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  SendLetters(20);
  ASSERT_TRUE(AwaitFailed(1, 20)) << server.process().output();
  broker_gate().Drop();
  SendLetters(20);
  EXPECT_TRUE(server.process().WaitForLine("queue_not_consumed", kPatience))
      << server.process().output();
  heartbeat.reset();
  broker_gate().Pass();
  broker_gate().Reset();  // what was opened into the silence
  ExpectAllIsWell(server);
}

}  // namespace
}  // namespace deadletter::test
