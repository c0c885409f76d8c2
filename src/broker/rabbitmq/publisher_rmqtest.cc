// What the publisher does when RabbitMQ refuses, blocks or dies. What it promises everywhere is in
// tests/conformance.
#include <thread>

#include "broker/rabbitmq/publisher.h"
#include "tests/support/rabbit_fixture.h"

namespace deadletter::rabbitmq {
namespace {

using testing::HasSubstr;

class RabbitPublisherTest : public RabbitFixture {
 protected:
  static std::vector<PublishOutcome> Outcomes(const std::vector<PublishResult>& results) {
    std::vector<PublishOutcome> outcomes;
    for (const auto& result : results) outcomes.push_back(result.outcome);
    return outcomes;
  }
  std::set<std::string> BodiesIn(const std::string& queue) {
    auto consumer = MakeConsumer(queue);
    const auto subscribed = consumer.Subscribe(20'000);
    EXPECT_TRUE(subscribed.has_value()) << subscribed.error().message;
    std::set<std::string> bodies;
    for (;;) {
      const auto some = consumer.Receive(
          {.max_letters = 10'000, .max_bytes = 1 << 30, .wait = milliseconds{500}});
      if (!some || some->empty()) return bodies;
      for (const auto& letter : *some) bodies.insert(letter.message.body);
    }
  }
};

TEST_F(RabbitPublisherTest, P5_ATargetWeMayNotPublishToSpoilsOnlyItsOwnMessage) {
  node_.AddUser("writer", "secret");
  node_.SetPermissions(vhost_, "writer", "", "^(amq.default|heard)$", "");
  node_.DeclareQueue(vhost_, "heard");
  node_.DeclareExchange(vhost_, "forbidden", "fanout");
  const auto url = node_.AmqpUrl(vhost_);
  auto options = options_;
  options.urls = {"amqp://writer:secret" + url.substr(url.find('@'))};
  std::vector<OutgoingMessage> messages;
  for (int i = 0; i < 200; ++i)
    messages.push_back(To(i == 100 ? "forbidden" : "", "heard", std::to_string(i)));
  RabbitPublisher publisher(options);
  const auto results = publisher.Publish(messages);
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].outcome, i == 100 ? PublishOutcome::kNoTarget : PublishOutcome::kConfirmed)
        << i << ": " << results[i].detail;
  }
  EXPECT_THAT(results[100].detail, HasSubstr("ACCESS_REFUSED"));
  EXPECT_EQ(BodiesIn("heard").size(), 199U);
}

TEST_F(RabbitPublisherTest, P5_AMessageThatTheBrokerWillNotHaveSpoilsOnlyItself) {
  node_.DeclareQueue(vhost_, "heard");
  auto forged = To("", "heard", "forged");
  forged.message.properties.user_id = "somebody else";
  RabbitPublisher publisher(options_);
  const auto results =
      publisher.Publish(std::vector{To("", "heard", "a"), forged, To("", "heard", "b")});
  EXPECT_THAT(Outcomes(results),
              testing::ElementsAre(PublishOutcome::kConfirmed, PublishOutcome::kNoTarget,
                                   PublishOutcome::kConfirmed));
  EXPECT_THAT(results[1].detail, HasSubstr("user_id"));
}

TEST_F(RabbitPublisherTest, HeadersThatNoFrameHoldsAreNotSentAndSpoilNothing) {
  node_.DeclareQueue(vhost_, "heard");
  auto large = To("", "heard", "large");
  large.message.headers.entries = {{"large", {std::string(200'000, 'h')}}};
  RabbitPublisher publisher(options_);
  const auto results =
      publisher.Publish(std::vector{To("", "heard", "a"), large, To("", "heard", "b")});
  EXPECT_THAT(Outcomes(results),
              testing::ElementsAre(PublishOutcome::kConfirmed, PublishOutcome::kNacked,
                                   PublishOutcome::kConfirmed));
  EXPECT_THAT(results[1].detail, HasSubstr("bytes"));
}

TEST_F(RabbitPublisherTest, AFullQueueThatRefusesMakesANack) {
  node_.DeclareQueue(vhost_, "full", R"({"x-max-length":1,"x-overflow":"reject-publish"})");
  RabbitPublisher publisher(options_);
  EXPECT_THAT(Outcomes(publisher.Publish(std::vector{To("", "full", "a")})),
              testing::ElementsAre(PublishOutcome::kConfirmed));
  EXPECT_THAT(Outcomes(publisher.Publish(std::vector{To("", "full", "b")})),
              testing::ElementsAre(PublishOutcome::kNacked));
}

TEST_F(RabbitPublisherTest, AConnectionThatDiedWhileIdleCostsNoMessage) {
  node_.DeclareQueue(vhost_, "heard");
  RabbitPublisher publisher(options_);
  ASSERT_THAT(Outcomes(publisher.Publish(std::vector{To("", "heard", "a")})),
              testing::ElementsAre(PublishOutcome::kConfirmed));
  node_.CloseConnections(vhost_);
  EXPECT_THAT(Outcomes(publisher.Publish(std::vector{To("", "heard", "b")})),
              testing::ElementsAre(PublishOutcome::kConfirmed));
}

TEST_F(RabbitPublisherTest, P9_ABlockedBrokerIsWaitedForNoLongerThanTheLimit) {
  node_.DeclareQueue(vhost_, "heard");
  RabbitPublisher publisher(options_, {.answer = milliseconds{1'500}});
  ASSERT_THAT(Outcomes(publisher.Publish(std::vector{To("", "heard", "before")})),
              testing::ElementsAre(PublishOutcome::kConfirmed));
  test::PrivateRabbitMq::MemoryAlarm alarm(node_);
  // More than the socket's buffers hold, so that the send itself hangs.
  const std::vector<OutgoingMessage> large(
      4, To("", "heard", std::string(std::size_t{16} << 20, 'x')));
  const auto results = publisher.Publish(large);
  for (const auto& result : results) {
    EXPECT_TRUE(result.outcome == PublishOutcome::kInDoubt ||
                result.outcome == PublishOutcome::kUnavailable)
        << PublishOutcomeName(result.outcome);
    EXPECT_NE(result.detail, "");
  }
  alarm.Clear();
  EXPECT_THAT(Outcomes(RabbitPublisher(options_).Publish(std::vector{To("", "heard", "after")})),
              testing::ElementsAre(PublishOutcome::kConfirmed));
}

// A death history may be forged, and a retry goes where it says.
TEST_F(RabbitPublisherTest, P6_ANameThatCannotBeEncodedSpoilsOnlyItsOwnMessage) {
  node_.DeclareQueue(vhost_, "heard");
  const std::string endless(300, 'x');
  RabbitPublisher publisher(options_);
  EXPECT_THAT(Outcomes(publisher.Publish(
                  std::vector{To("", "heard", "before"), To(endless, "key", "nowhere"),
                              To("", endless, "nowhere"), To("", "heard", "behind")})),
              testing::ElementsAre(PublishOutcome::kConfirmed, PublishOutcome::kNoTarget,
                                   PublishOutcome::kNoTarget, PublishOutcome::kConfirmed));
}

TEST_F(RabbitPublisherTest, AbortEndsAPublishThatWaits) {
  node_.DeclareQueue(vhost_, "heard");
  RabbitPublisher publisher(options_, {.answer = milliseconds{1'800'000}});
  ASSERT_THAT(Outcomes(publisher.Publish(std::vector{To("", "heard", "before")})),
              testing::ElementsAre(PublishOutcome::kConfirmed));
  test::PrivateRabbitMq::MemoryAlarm alarm(node_);
  std::vector<PublishResult> results;
  std::thread waiting([&] { results = publisher.Publish(std::vector{To("", "heard", "held")}); });
  node_.AwaitBlockedConnection(vhost_);
  publisher.Abort();
  waiting.join();  // without the abort in half an hour
  alarm.Clear();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_NE(results[0].outcome, PublishOutcome::kConfirmed);
  EXPECT_THAT(Outcomes(publisher.Publish(std::vector{To("", "heard", "later")})),
              testing::ElementsAre(PublishOutcome::kUnavailable));
}

TEST_F(RabbitPublisherTest,
       P6_WhatAKilledBrokerConfirmedIsThereAfterwardsAndTheRestIsNotCalledConfirmed) {
  node_.DeclareQueue(vhost_, "heard");
  node_.WriteDeclarations();
  std::vector<OutgoingMessage> messages;
  for (int i = 0; i < 2'000; ++i)
    messages.push_back(To("", "heard", std::to_string(i) + std::string(20'000, ' ')));
  std::vector<PublishResult> results;
  RabbitPublisher publisher(options_);
  std::thread publishing([&] { results = publisher.Publish(messages); });
  while (Ready("heard").value_or(0) == 0) {
  }
  node_.Kill();
  publishing.join();
  EXPECT_THAT(Outcomes(publisher.Publish(std::vector{To("", "heard", "while it is down")})),
              testing::ElementsAre(PublishOutcome::kUnavailable));
  node_.Start();
  const auto there = BodiesIn("heard");
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].outcome == PublishOutcome::kConfirmed) {
      EXPECT_TRUE(there.contains(messages[i].message.body)) << i;
    } else {
      EXPECT_TRUE(results[i].outcome == PublishOutcome::kInDoubt ||
                  results[i].outcome == PublishOutcome::kUnavailable);
      EXPECT_TRUE(results[i].outcome == PublishOutcome::kInDoubt ||
                  !there.contains(messages[i].message.body))
          << i;
    }
  }
  EXPECT_THAT(Outcomes(publisher.Publish(std::vector{To("", "heard", "after")})),
              testing::ElementsAre(PublishOutcome::kConfirmed));
}

TEST_F(RabbitPublisherTest, AMissingBrokerMakesEverythingUnavailable) {
  options_.urls = {"amqp://guest:secret@127.0.0.1:1/"};
  RabbitPublisher publisher(options_);
  const auto results = publisher.Publish(std::vector{To("", "q", "a"), To("", "q", "b")});
  EXPECT_THAT(Outcomes(results),
              testing::ElementsAre(PublishOutcome::kUnavailable, PublishOutcome::kUnavailable));
  EXPECT_THAT(results[0].detail, testing::Not(HasSubstr("secret")));
  const auto asked = publisher.ExchangeExists("x");
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().fault, BrokerFault::kUnreachable);
}

}  // namespace
}  // namespace deadletter::rabbitmq
