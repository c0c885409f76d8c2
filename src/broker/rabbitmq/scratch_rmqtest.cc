#include <boost/json.hpp>

#include "broker/rabbitmq/scratch.h"
#include "tests/support/rabbit_fixture.h"

namespace deadletter::rabbitmq {
namespace {

class RabbitScratchTest : public RabbitFixture {
 protected:
  RabbitScratchTest() {
    plan_.exchange = "scratch";
    plan_.dying_queue = "scratch.dying";
    plan_.letters_queue = "scratch.letters";
    plan_.events_queue = "scratch.events";
  }
  bool HasExchange() { return RabbitPublisher(options_).ExchangeExists(plan_.exchange).value(); }

  ScratchPlan plan_;
};

TEST_F(RabbitScratchTest, WhatIsSentToDieIsALetterAtOnceAndAllOfItGoes) {
  RabbitScratch scratch(options_);
  ASSERT_TRUE(scratch.Make(plan_));
  Send({To(plan_.exchange, plan_.dying_queue, "one"),
        To(plan_.exchange, plan_.events_queue, "two")});
  AwaitReady(plan_.letters_queue, 1);
  AwaitReady(plan_.events_queue, 1);
  ASSERT_TRUE(scratch.Remove(plan_));
  for (const std::string& queue : {plan_.dying_queue, plan_.letters_queue, plan_.events_queue})
    EXPECT_EQ(Ready(queue), std::nullopt) << queue;
  EXPECT_FALSE(HasExchange());
  EXPECT_TRUE(scratch.Remove(plan_));  // of what is not there
}

// Nobody removes it: its owner was killed.
TEST_F(RabbitScratchTest, WhatNobodyUsesIsGoneByItselfTheExchangeToo) {
  plan_.unused_for = milliseconds(500);
  ASSERT_TRUE(RabbitScratch(options_).Make(plan_));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (HasExchange()) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  for (const std::string& queue : {plan_.dying_queue, plan_.letters_queue, plan_.events_queue})
    EXPECT_EQ(Ready(queue), std::nullopt) << queue;
}

TEST_F(RabbitScratchTest, IsDurableAndExpiresAfterAnHour) {
  RabbitScratch scratch(options_);
  ASSERT_TRUE(scratch.Make(plan_));
  const auto queues = boost::json::parse(node_.Management(
      "GET", "/api/queues/" + PercentEncode(vhost_) + "?columns=durable,arguments"));
  ASSERT_EQ(queues.as_array().size(), 3U);
  for (const auto& queue : queues.as_array()) {
    EXPECT_TRUE(queue.at("durable").as_bool());
    EXPECT_EQ(queue.at("arguments").at("x-expires").as_int64(), 3'600'000);
  }
}

}  // namespace
}  // namespace deadletter::rabbitmq
