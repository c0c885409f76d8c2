// What every BrokerWatch keeps.
#pragma once

#include "tests/conformance/broker_conformance.h"

namespace deadletter::test {

class BrokerWatchConformance : public BrokerConformance {};

TEST_P(BrokerWatchConformance, P7_CountsWhatWaitsAndTakesNothing) {
  broker().DeclareQueue("q", {});
  const auto watch = broker().MakeBrokerWatch();
  EXPECT_TRUE(watch->Check().has_value());
  EXPECT_EQ(watch->Waiting("q").value(), 0);
  SendNumbered("q", 3);
  EXPECT_EQ(watch->Waiting("q").value(), 3);
  const auto consumer = broker().MakeConsumer("q");
  ASSERT_TRUE(consumer->Subscribe(1).has_value());
  ASSERT_EQ(consumer->Receive({.max_letters = 1, .max_bytes = 1, .wait = kPatience})->size(), 1U);
  EXPECT_EQ(watch->Waiting("q").value(), 2) << "the delivered one waits no more";
}

TEST_P(BrokerWatchConformance, AQueueThatIsNotThereIsToldAsSuchAndSpoilsNothing) {
  broker().DeclareQueue("q", {});
  const auto watch = broker().MakeBrokerWatch();
  EXPECT_EQ(watch->Waiting("nobody made it").value(), std::nullopt);
  EXPECT_EQ(watch->Waiting("q").value(), 0);
  EXPECT_TRUE(watch->Check().has_value());
}

TEST_P(BrokerWatchConformance, TellsWhoConsumes) {
  broker().DeclareQueue("q", {});
  const auto watch = broker().MakeBrokerWatch();
  EXPECT_EQ(watch->ConsumerTags("q").value(), std::vector<std::string>{});
  const auto consumer = broker().MakeConsumer("q");
  ASSERT_TRUE(consumer->Subscribe(1).has_value());
  // A broker may count only now and then.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::optional<std::vector<std::string>> tags;
  do {
    tags = watch->ConsumerTags("q").value();
  } while (tags.value().empty() && std::chrono::steady_clock::now() < deadline);
  EXPECT_EQ(tags, std::vector<std::string>{broker().consumer_tag()});
  EXPECT_EQ(watch->ConsumerTags("nobody made it").value(), std::vector<std::string>{});
}

TEST_P(BrokerWatchConformance, AfterAnAbortNothingIsAsked) {
  broker().DeclareQueue("q", {});
  const auto watch = broker().MakeBrokerWatch();
  watch->Abort();
  EXPECT_EQ(watch->Check().error().fault, BrokerFault::kUnreachable);
  EXPECT_EQ(watch->Waiting("q").error().fault, BrokerFault::kUnreachable);
}

}  // namespace deadletter::test
