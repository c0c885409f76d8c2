// A process on the queue file is killed at the worst moments; afterwards nothing is missing and
// nothing is stuck.
#include <csignal>
#include <set>

#include "broker/embedded/test_fixture.h"
#include "tests/support/child_process.h"

namespace deadletter {
namespace {

using namespace std::chrono_literals;

constexpr int kKilled = 128 + SIGKILL;

class EmbeddedCrash : public EmbeddedQueueFile {
 protected:
  void Declare() {
    auto broker = Open();
    DeclareDead(*broker);
    ASSERT_TRUE(
        broker->DeclareQueue({.name = "work", .message_ttl = 1h, .dead_letter_exchange = "dlx"}));
    ASSERT_TRUE(broker->DeclareQueue({.name = "done"}));
  }

  // With our clock, which stands years before the child's.
  void SendTen() {
    auto broker = Open();
    for (int i = 0; i < 10; ++i) Send(broker, To("work", std::to_string(i)));
  }

  // Messages without an end, for children that look at the true time.
  void SendEndless(int count) {
    auto broker = Open();
    ASSERT_TRUE(broker->DeleteQueue("work"));
    ASSERT_TRUE(broker->DeclareQueue({.name = "work", .dead_letter_exchange = "dlx"}));
    std::vector<OutgoingMessage> messages;
    for (int i = 0; i < count; ++i) messages.push_back(To("work", std::to_string(i)));
    EmbeddedPublisher publisher(broker);
    ASSERT_EQ(publisher.Publish(messages).back().outcome, PublishOutcome::kConfirmed);
  }

  std::unique_ptr<test::ChildProcess> Start(const std::string& task,
                                            const std::string& fault = "") {
    test::ChildOptions options;
    if (!fault.empty()) options.environment["DEADLETTER_FAULT"] = fault + "=kill";
    return std::make_unique<test::ChildProcess>(
        std::vector<std::string>{EMBEDDED_CRASHER, path_, task}, options);
  }

  void Crash(const std::string& task, const std::string& fault) {
    auto child = Start(task, fault);
    ASSERT_EQ(child->WaitForExit(kPatience), kKilled) << child->output();
  }
};

TEST_F(EmbeddedCrash, P1_APublishHappensWhollyOrNotAtAll) {
  Declare();
  Crash("publish", "confirm.before");
  EXPECT_EQ(Count(*Open(), "work").ready, 0U);
  Crash("publish", "confirm.after");
  EXPECT_EQ(Count(*Open(), "work").ready, 10U);
}

TEST_F(EmbeddedCrash, P1_WhatAKilledConsumerReceivedIsReadyAgain) {
  Declare();
  SendEndless(10);
  Crash("receive", "lease.before");
  EXPECT_EQ(Count(*Open(), "work").ready, 10U);
  Crash("receive", "lease.after");
  auto broker = Open();
  auto consumer = Subscribed(broker, "work");
  const auto letters = Ready(*consumer);
  ASSERT_EQ(letters.size(), 10U);
  for (const auto& letter : letters) EXPECT_TRUE(letter.redelivered);
}

TEST_F(EmbeddedCrash, P1_AnAcknowledgementHappensWhollyOrNotAtAll) {
  Declare();
  SendEndless(10);
  Crash("acknowledge", "acknowledge.before");
  EXPECT_EQ(Count(*Open(), "work").ready, 10U);
  Crash("acknowledge", "acknowledge.after");
  auto broker = Open();
  EXPECT_EQ(Count(*broker, "work").ready, 0U);
  EXPECT_EQ(Count(*broker, "work").unacknowledged, 0U);
}

TEST_F(EmbeddedCrash, P1_ARejectedMessageIsInOneQueueAndNeverInNone) {
  Declare();
  SendEndless(1);
  Crash("reject", "take.before");
  EXPECT_EQ(Count(*Open(), "work").ready, 1U);
  Crash("reject", "take.after");
  EXPECT_EQ(Count(*Open(), "work").unacknowledged, 1U) << "until the lease ends";
  SendEndless(1);
  Crash("reject", "answer.before");
  {
    auto broker = Open();
    EXPECT_EQ(Count(*broker, "work").unacknowledged, 1U) << "until the lease ends";
    EXPECT_EQ(Count(*broker, "dead").ready, 0U);
  }
  SendEndless(1);
  Crash("reject", "answer.after");
  auto broker = Open();
  EXPECT_EQ(Count(*broker, "work").unacknowledged, 0U);
  EXPECT_EQ(Count(*broker, "dead").ready, 1U);
}

TEST_F(EmbeddedCrash, P1_AnExpiredMessageIsInOneQueueAndNeverInNone) {
  Declare();
  SendTen();
  Crash("expire", "keep.before");
  {
    auto broker = Open();
    EXPECT_EQ(Count(*broker, "work").ready + Count(*broker, "dead").ready, 10U);
  }
  Crash("expire", "keep.after");
  auto broker = Open();
  EXPECT_EQ(Count(*broker, "work").ready + Count(*broker, "dead").ready, 10U);
  auto child = Start("expire");
  ASSERT_EQ(child->WaitForExit(kPatience), 0) << child->output();
  EXPECT_EQ(Count(*broker, "dead").ready, 10U);
}

TEST_F(EmbeddedCrash, AFileWhoseMakingWasCutOffIsMadeAnew) {
  Crash("expire", "open.before");
  Declare();
  SendTen();
  EXPECT_EQ(Count(*Open(), "work").ready, 10U);
}

TEST_F(EmbeddedCrash, P5_TheLivingGetWhatTheKilledHeldWithoutAnybodyAsking) {
  Declare();
  SendEndless(10);
  auto broker = Open();
  auto child = Start("hold");
  ASSERT_TRUE(child->WaitForLine("holding", kPatience)) << child->output();
  auto consumer = Subscribed(broker, "work");
  EXPECT_TRUE(Ready(*consumer).empty()) << "the holder lives";
  child->Signal(SIGKILL);
  const auto letters = Receive(*consumer, 10);
  ASSERT_EQ(letters.size(), 10U);
  EXPECT_TRUE(letters[0].redelivered);
}

TEST_F(EmbeddedCrash, P1_WorkersKilledAgainAndAgainLoseNothing) {
  constexpr int kMessages = 600;
  Declare();
  SendEndless(kMessages);
  int killed = 0;
  for (int round = 0; round < 8; ++round) {
    auto one = Start("move");
    auto two = Start("move");
    static_cast<void>(one->WaitForLine("moved", kPatience));  // or it found nothing left
    for (auto* child : {one.get(), two.get()}) {
      child->Signal(SIGKILL);
      if (child->WaitForExit(kPatience) == kKilled) ++killed;
    }
  }
  EXPECT_GT(killed, 0);
  auto last = Start("move");
  ASSERT_EQ(last->WaitForExit(kPatience), 0) << last->output();
  auto broker = Open();
  EXPECT_EQ(Count(*broker, "work").ready + Count(*broker, "work").unacknowledged, 0U);
  auto consumer = Subscribed(broker, "done");
  std::set<std::string> bodies;
  for (const auto& letter : Ready(*consumer)) bodies.insert(letter.message.body);
  EXPECT_EQ(bodies.size(), static_cast<std::size_t>(kMessages));
}

}  // namespace
}  // namespace deadletter
