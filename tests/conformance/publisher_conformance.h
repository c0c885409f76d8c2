// What every Publisher promises. Included once a test program.
#pragma once

#include "tests/conformance/broker_conformance.h"

namespace deadletter::test {

class PublisherConformance : public BrokerConformance {
 protected:
  static OutgoingMessage To(const std::string& exchange, const std::string& key,
                            const std::string& body) {
    return {{exchange, key}, PersistentMessage(body)};
  }
  static std::vector<PublishOutcome> Outcomes(const std::vector<PublishResult>& results) {
    std::vector<PublishOutcome> outcomes;
    for (const auto& result : results) outcomes.push_back(result.outcome);
    return outcomes;
  }
};

TEST_P(PublisherConformance, P6_AMessageThatAQueueTookIsConfirmed) {
  broker().DeclareExchange("events", "topic");
  broker().DeclareQueue("heard", {});
  broker().Bind("events", "heard", "execution.*");
  auto publisher = broker().MakePublisher();
  const auto results =
      publisher->Publish(std::vector{To("events", "execution.completed", "hello")});
  EXPECT_THAT(Outcomes(results), testing::ElementsAre(PublishOutcome::kConfirmed));
  auto consumer = Subscribed("heard");
  const auto letters = ReceiveExactly(*consumer, 1);
  EXPECT_EQ(letters[0].message, PersistentMessage("hello"));
  EXPECT_EQ(letters[0].exchange, "events");
  EXPECT_EQ(letters[0].routing_key, "execution.completed");
}

TEST_P(PublisherConformance, NothingToPublishGivesNoResult) {
  auto publisher = broker().MakePublisher();
  EXPECT_TRUE(publisher->Publish({}).empty());
}

TEST_P(PublisherConformance, TheDefaultExchangeReachesTheQueueOfThatName) {
  broker().DeclareQueue("direct", {});
  auto publisher = broker().MakePublisher();
  const auto results =
      publisher->Publish(std::vector{To("", "direct", "a"), To("", "nobody", "b")});
  EXPECT_THAT(Outcomes(results),
              testing::ElementsAre(PublishOutcome::kConfirmed, PublishOutcome::kUnroutable));
  EXPECT_TRUE(BecomesReady("direct", 1));
}

TEST_P(PublisherConformance, P6_AMessageThatNoQueueWantsIsUnroutableAndTheOthersGoThrough) {
  broker().DeclareExchange("events", "topic");
  broker().DeclareQueue("heard", {});
  broker().Bind("events", "heard", "known.#");
  std::vector<OutgoingMessage> outgoing;
  for (int i = 0; i < 300; ++i) {
    outgoing.push_back(
        To("events", i % 7 == 3 ? "unknown" : "known.key", "message " + std::to_string(i)));
  }
  auto publisher = broker().MakePublisher();
  const auto results = publisher->Publish(outgoing);
  ASSERT_EQ(results.size(), outgoing.size());
  std::size_t confirmed = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto expected = i % 7 == 3 ? PublishOutcome::kUnroutable : PublishOutcome::kConfirmed;
    EXPECT_EQ(results[i].outcome, expected) << i << ": " << results[i].detail;
    if (expected == PublishOutcome::kConfirmed) ++confirmed;
  }
  EXPECT_TRUE(BecomesReady("heard", confirmed));
}

TEST_P(PublisherConformance, P6_TheSameMessageTwiceHasTwoResults) {
  broker().DeclareQueue("heard", {});
  auto publisher = broker().MakePublisher();
  const auto wanted = To("", "heard", "same");
  const auto unwanted = To("", "nobody", "same");
  const auto results = publisher->Publish(std::vector{unwanted, wanted, unwanted, wanted});
  EXPECT_THAT(Outcomes(results),
              testing::ElementsAre(PublishOutcome::kUnroutable, PublishOutcome::kConfirmed,
                                   PublishOutcome::kUnroutable, PublishOutcome::kConfirmed));
}

TEST_P(PublisherConformance, P5_AMissingExchangeSpoilsOnlyWhatWasMeantForIt) {
  broker().DeclareQueue("heard", {});
  std::vector<OutgoingMessage> outgoing;
  for (int i = 0; i < 200; ++i) {
    outgoing.push_back(To(i == 100 ? "missing" : "", "heard", "message " + std::to_string(i)));
  }
  auto publisher = broker().MakePublisher();
  for (int round = 0; round < 2; ++round) {
    const auto results = publisher->Publish(outgoing);
    ASSERT_EQ(results.size(), 200U);
    for (std::size_t i = 0; i < results.size(); ++i) {
      EXPECT_EQ(results[i].outcome,
                i == 100 ? PublishOutcome::kNoTarget : PublishOutcome::kConfirmed)
          << i << ": " << results[i].detail;
    }
    EXPECT_THAT(results[100].detail, testing::HasSubstr("missing"));
  }
  EXPECT_TRUE(BecomesReady("heard", 2 * 199));
}

TEST_P(PublisherConformance, P6_MessagesArriveInTheOrderTheyWereGiven) {
  broker().DeclareQueue("heard", {});
  std::vector<OutgoingMessage> outgoing;
  for (int i = 0; i < 2'500; ++i) outgoing.push_back(To("", "heard", std::to_string(i)));
  auto publisher = broker().MakePublisher();
  for (const auto& result : publisher->Publish(outgoing)) {
    ASSERT_EQ(result.outcome, PublishOutcome::kConfirmed) << result.detail;
  }
  auto consumer = Subscribed("heard", 5'000);
  const auto letters = ReceiveExactly(*consumer, 2'500);
  for (std::size_t i = 0; i < letters.size(); ++i)
    ASSERT_EQ(letters[i].message.body, std::to_string(i));
}

TEST_P(PublisherConformance, ATopicsWildcardsMatchWords) {
  broker().DeclareExchange("events", "topic");
  broker().DeclareQueue("heard", {});
  broker().Bind("events", "heard", "a.*.c");
  broker().Bind("events", "heard", "x.#");
  auto publisher = broker().MakePublisher();
  const auto results = publisher->Publish(
      std::vector{To("events", "a.b.c", "1"), To("events", "a.b.b.c", "2"), To("events", "x", "3"),
                  To("events", "x.y.z", "4"), To("events", "a..c", "5"), To("events", "", "6")});
  using enum PublishOutcome;
  EXPECT_THAT(Outcomes(results), testing::ElementsAre(kConfirmed, kUnroutable, kConfirmed,
                                                      kConfirmed, kConfirmed, kUnroutable));
}

TEST_P(PublisherConformance, ADirectExchangeKnowsNoWildcards) {
  broker().DeclareExchange("letters", "direct");
  broker().DeclareQueue("heard", {});
  broker().Bind("letters", "heard", "#");
  auto publisher = broker().MakePublisher();
  const auto results = publisher->Publish(
      std::vector{To("letters", "worker.7", "lost"), To("letters", "#", "exact")});
  EXPECT_THAT(Outcomes(results),
              testing::ElementsAre(PublishOutcome::kUnroutable, PublishOutcome::kConfirmed));
}

TEST_P(PublisherConformance, AFanoutReachesEveryQueueWhateverTheKey) {
  broker().DeclareExchange("all", "fanout");
  for (const std::string queue : {"one", "two"}) {
    broker().DeclareQueue(queue, {});
    broker().Bind("all", queue, "");
  }
  auto publisher = broker().MakePublisher();
  const auto results = publisher->Publish(std::vector{To("all", "any key", "to both")});
  EXPECT_THAT(Outcomes(results), testing::ElementsAre(PublishOutcome::kConfirmed));
  EXPECT_TRUE(BecomesReady("one", 1));
  EXPECT_TRUE(BecomesReady("two", 1));
}

TEST_P(PublisherConformance, AMessageOfTwentyMebibytesIsConfirmed) {
  broker().DeclareQueue("heard", {});
  auto publisher = broker().MakePublisher();
  const auto results =
      publisher->Publish(std::vector{To("", "heard", std::string(std::size_t{20} << 20, 'x'))});
  EXPECT_THAT(Outcomes(results), testing::ElementsAre(PublishOutcome::kConfirmed));
}

TEST_P(PublisherConformance, AskingForAnExchangeTellsWhetherItIsThere) {
  broker().DeclareExchange("there", "topic");
  auto publisher = broker().MakePublisher();
  EXPECT_TRUE(publisher->ExchangeExists("there").value());
  EXPECT_FALSE(publisher->ExchangeExists("elsewhere").value());
  EXPECT_TRUE(publisher->ExchangeExists("").value());
  publisher->KeepAlive();
  broker().DeclareQueue("heard", {});
  EXPECT_THAT(Outcomes(publisher->Publish(std::vector{To("", "heard", "after asking")})),
              testing::ElementsAre(PublishOutcome::kConfirmed));
}

TEST_P(PublisherConformance, AClosedPublisherConnectsAgain) {
  broker().DeclareQueue("heard", {});
  auto publisher = broker().MakePublisher();
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Outcomes(publisher->Publish(std::vector{To("", "heard", "again")})),
                testing::ElementsAre(PublishOutcome::kConfirmed));
    publisher->Close();
    publisher->KeepAlive();
  }
}

TEST_P(PublisherConformance, P6_WhatWasConfirmedSurvivesARestartOfTheBroker) {
  broker().DeclareQueue("heard", {});
  SendNumbered("heard", 50);
  broker().Restart();
  auto consumer = Subscribed("heard");
  EXPECT_EQ(ReceiveExactly(*consumer, 50).size(), 50U);
}

}  // namespace deadletter::test
