#include "broker/rabbitmq/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deadletter::rabbitmq {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class RouterTest : public testing::Test {
 protected:
  void Exchange(const std::string& name, const std::string& type,
                const std::string& alternate = "") {
    facts_.exchanges[name].type = type;
    if (!alternate.empty()) facts_.exchanges[name].alternate_exchange = alternate;
  }
  void Bind(const std::string& exchange, const std::string& queue, const std::string& key) {
    facts_.queues[queue];
    facts_.bindings.insert({exchange, queue, key});
  }
  void Feed(const std::string& from, const std::string& to, const std::string& key) {
    facts_.exchange_bindings.insert({from, to, key});
  }
  [[nodiscard]] Reached Route(const std::string& exchange, const std::string& key) const {
    return Router(facts_).Route(exchange, key);
  }

  TopologyFacts facts_;
};

TEST_F(RouterTest, AWildcardIsOneForTopicExchangesOnly) {
  Exchange("topic", "topic");
  Exchange("direct", "direct");
  Exchange("fanout", "fanout");
  for (const auto* exchange : {"topic", "direct", "fanout"}) Bind(exchange, exchange, "#");
  EXPECT_THAT(Route("topic", "a.b").queues, ElementsAre("topic"));
  EXPECT_TRUE(Route("direct", "a.b").IsLost());
  EXPECT_THAT(Route("direct", "#").queues, ElementsAre("direct"));
  EXPECT_THAT(Route("fanout", "a.b").queues, ElementsAre("fanout"));
}

TEST_F(RouterTest, TheDefaultExchangeReachesTheQueueOfThatName) {
  facts_.queues["a"];
  EXPECT_THAT(Route("", "a").queues, ElementsAre("a"));
  EXPECT_TRUE(Route("", "b").IsLost());
}

TEST_F(RouterTest, WhatIsNotRoutedGoesToTheAlternateExchangeWhereThereIsOne) {
  Exchange("narrow", "direct", "rest");
  Bind("narrow", "some", "a");
  EXPECT_TRUE(Route("narrow", "b").IsLost()) << "the alternate does not exist";
  Exchange("rest", "fanout");
  Bind("rest", "all", "");
  EXPECT_THAT(Route("narrow", "a").queues, ElementsAre("some"));
  EXPECT_THAT(Route("narrow", "b").queues, ElementsAre("all"));
}

TEST_F(RouterTest, ExchangesFeedExchangesAndRingsEnd) {
  Exchange("first", "topic");
  Exchange("second", "direct", "first");
  Feed("first", "second", "a.#");
  Feed("second", "first", "a.b");
  Bind("second", "q", "a.b");
  Bind("first", "other", "a.*");
  EXPECT_THAT(Route("first", "a.b").queues, UnorderedElementsAre("q", "other"));
  EXPECT_THAT(Route("first", "x").queues, IsEmpty());
}

TEST_F(RouterTest, OfAnExchangeWhoseWaysOnlyTheBrokerKnowsNothingIsClaimed) {
  Exchange("headers", "headers");
  EXPECT_TRUE(Route("headers", "a").IsLost()) << "nothing is bound";
  Bind("headers", "q", "");
  EXPECT_FALSE(Route("headers", "a").IsLost());
  EXPECT_TRUE(Route("headers", "a").unsure);
}

TEST_F(RouterTest, AMissingExchangeIsToldApart) {
  EXPECT_TRUE(Route("nowhere", "a").exchange_missing);
  EXPECT_FALSE(Route("", "a").exchange_missing);
  EXPECT_FALSE(Router(facts_).LeadsSomewhere("nowhere"));
}

TEST_F(RouterTest, KeysThatAQueueGetsAreThoseOfBindingsWithoutWildcard) {
  Exchange("topic", "topic");
  Exchange("direct", "direct");
  Exchange("fanout", "fanout");
  Bind("topic", "q", "a.b");
  Bind("topic", "q", "a.#");
  Bind("direct", "q", "c.#");
  Bind("fanout", "q", "d");
  Bind("", "q", "q");
  Bind("topic", "other", "e");
  EXPECT_THAT(KeysInto(facts_, "q"), ElementsAre("a.b", "c.#", "q"));
}

}  // namespace
}  // namespace deadletter::rabbitmq
