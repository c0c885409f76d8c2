#include "broker/rabbitmq/topology_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deadletter::rabbitmq {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

TopologyPlan Plan() {
  TopologyPlan plan;
  plan.worker_ids = {"7"};
  plan.dead_letter_queues = {plan.dlq, plan.unrouted_queue};
  plan.consumer_tags = {"executor.dlq"};
  return plan;
}

// Everything as `topology apply` makes it.
TopologyFacts Sound(const TopologyPlan& plan) {
  TopologyFacts facts;
  facts.complete = true;
  facts.vhost = "/";
  facts.broker_version = "3.10.8";
  facts.exchanges[plan.dlx] = {
      .type = "topic", .alternate_exchange = plan.unrouted_exchange, .policy = ""};
  facts.exchanges[plan.unrouted_exchange] = {
      .type = "fanout", .alternate_exchange = {}, .policy = ""};
  facts.exchanges[plan.dispatch_exchange] = {
      .type = "topic", .alternate_exchange = {}, .policy = ""};
  facts.queues[plan.dlq] = {};
  facts.queues[plan.unrouted_queue] = {};
  auto& worker = facts.queues[plan.WorkerQueueName("7")];
  worker.limits["message-ttl"] = plan.worker_ttl.count();
  worker.limits["dead-letter-exchange"] = plan.dlx;
  facts.bindings = {
      {plan.dlx, plan.dlq, "#"},
      {plan.unrouted_exchange, plan.unrouted_queue, ""},
      {plan.dispatch_exchange, plan.WorkerQueueName("7"), TopologyPlan::DispatchKey("7")}};
  return facts;
}

auto Is(FindingKind kind, const std::string& subject, const std::string& part = "") {
  return AllOf(Field(&Finding::kind, kind), Field(&Finding::subject, subject),
               Field(&Finding::message, HasSubstr(part)));
}

class TopologyCheck : public testing::Test {
 protected:
  const TopologyPlan plan_ = Plan();
  TopologyFacts facts_ = Sound(plan_);

  [[nodiscard]] std::vector<Finding> Findings() const { return Judge(plan_, facts_); }
  QueueFacts& Dlq() { return facts_.queues[plan_.dlq]; }
  ExchangeFacts& Dlx() { return facts_.exchanges[plan_.dlx]; }
};

TEST_F(TopologyCheck, FindsNothingWhereEverythingIsAsConfigured) {
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(TopologyCheck, FindsEverythingMissing) {
  facts_.exchanges.clear();
  facts_.queues.clear();
  facts_.bindings.clear();
  for (const auto& finding : Findings())
    EXPECT_EQ(finding.kind, FindingKind::kMissing) << finding.message;
  EXPECT_EQ(Findings().size(), 6U);
}

TEST_F(TopologyCheck, FindsEachMissingBinding) {
  facts_.bindings.clear();
  EXPECT_THAT(
      Findings(),
      ElementsAre(
          Is(FindingKind::kMissing, "binding attune.dlx -> attune.dlx.queue", "\"#\""),
          Is(FindingKind::kMissing, "binding attune.dlx.unrouted -> attune.dlx.unrouted.queue"),
          Is(FindingKind::kMissing, "binding attune.executions -> worker.7.executions",
             "execution.dispatch.worker.7")));
}

TEST_F(TopologyCheck, FindsThatADirectDlxBoundWithAWildcardLosesLetters) {
  Dlx() = {.type = "direct", .alternate_exchange = {}, .policy = ""};
  EXPECT_THAT(Findings(), ElementsAre(Is(FindingKind::kLosesLetters, "exchange attune.dlx",
                                         "\"#\" is a wildcard for topic exchanges only")));
  Dlx().type = "headers";
  EXPECT_THAT(Findings(), ElementsAre(Is(FindingKind::kLosesLetters, "exchange attune.dlx")));
}

TEST_F(TopologyCheck, AnAlternateExchangeMakesADirectDlxHarmless) {
  Dlx().type = "direct";
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(TopologyCheck, AFanoutDlxNeedsNoAlternateExchange) {
  Dlx() = {.type = "fanout", .alternate_exchange = {}, .policy = ""};
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(TopologyCheck, ATopicDlxWithoutAlternateExchangeDiffers) {
  Dlx().alternate_exchange.reset();
  EXPECT_THAT(Findings(), ElementsAre(Is(FindingKind::kDiffers, "exchange attune.dlx",
                                         "rabbitmqctl set_policy")));
}

TEST_F(TopologyCheck, AnAlternateExchangeThatDoesNotExistLosesLetters) {
  Dlx().alternate_exchange = "theirs";
  EXPECT_THAT(Findings(), ElementsAre(Is(FindingKind::kLosesLetters, "exchange attune.dlx",
                                         "theirs does not exist")));
}

TEST_F(TopologyCheck, FindsThatAWorkersQueueDoesNotLast) {
  auto& worker = facts_.queues[plan_.WorkerQueueName("7")];
  worker.durable = false;
  worker.auto_delete = true;
  worker.exclusive = true;
  worker.limits["expires"] = 1000;
  const std::string subject = "queue worker.7.executions";
  EXPECT_THAT(Findings(), ElementsAre(Is(FindingKind::kLosesLetters, subject, "not durable"),
                                      Is(FindingKind::kLosesLetters, subject, "auto-delete"),
                                      Is(FindingKind::kLosesLetters, subject, "exclusive"),
                                      Is(FindingKind::kLosesLetters, subject, "expires = 1000")));
}

TEST(EffectiveLimits, OfTwoNumbersTheLowerAndOtherwiseTheArgument) {
  const boost::json::object limits = EffectiveLimits({{"message-ttl", 1000},
                                                      {"max-length", 5},
                                                      {"dead-letter-exchange", "a"},
                                                      {"delivery-limit", -1},
                                                      {"expires", 7}},
                                                     {{"x-message-ttl", 5000},
                                                      {"x-max-length", 2},
                                                      {"x-dead-letter-exchange", "b"},
                                                      {"x-delivery-limit", 20},
                                                      {"x-queue-type", "quorum"},
                                                      {"other", 1}});
  const boost::json::object expected = {{"message-ttl", 1000},
                                        {"max-length", 2},
                                        {"dead-letter-exchange", "b"},
                                        {"delivery-limit", -1},
                                        {"expires", 7}};
  EXPECT_EQ(limits, expected);
}

TEST_F(TopologyCheck, AnotherAlternateExchangeDiffers) {
  Dlx().alternate_exchange = "theirs";
  facts_.exchanges["theirs"].type = "fanout";
  EXPECT_THAT(Findings(), ElementsAre(Is(FindingKind::kDiffers, "exchange attune.dlx", "theirs")));
}

TEST_F(TopologyCheck, FindsWhatDoesNotSurviveARestart) {
  Dlx().durable = false;
  Dlq().auto_delete = true;
  Dlq().exclusive = true;
  EXPECT_THAT(Findings(),
              ElementsAre(Is(FindingKind::kLosesLetters, "exchange attune.dlx", "not durable"),
                          Is(FindingKind::kLosesLetters, "queue attune.dlx.queue", "auto-delete"),
                          Is(FindingKind::kLosesLetters, "queue attune.dlx.queue", "exclusive")));
}

TEST_F(TopologyCheck, FindsEveryLimitOfADeadLetterQueue) {
  for (const auto* limit :
       {"message-ttl", "expires", "max-length", "max-length-bytes", "delivery-limit"}) {
    Dlq().limits = {{limit, 20}};
    EXPECT_THAT(Findings(),
                ElementsAre(Is(FindingKind::kLosesLetters, "queue attune.dlx.queue", limit)));
  }
  Dlq().limits = {{"delivery-limit", -1}};
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(TopologyCheck, FindsADeadLetterCycle) {
  Dlq().limits = {{"dead-letter-exchange", plan_.dlx}};
  EXPECT_THAT(Findings(),
              ElementsAre(Is(FindingKind::kLosesLetters, "queue attune.dlx.queue", "circle")));
  Dlq().limits = {{"dead-letter-exchange", "elsewhere"}};
  EXPECT_THAT(Findings(),
              ElementsAre(Is(FindingKind::kDiffers, "queue attune.dlx.queue", "elsewhere")));
}

TEST_F(TopologyCheck, FindsTheDefaultDeliveryLimitOfQuorumQueuesFromFourOn) {
  Dlq().type = "quorum";
  EXPECT_THAT(Findings(), IsEmpty());
  facts_.broker_version = "4.1.0";
  EXPECT_THAT(Findings(),
              ElementsAre(Is(FindingKind::kLosesLetters, "queue attune.dlx.queue", "20")));
  Dlq().limits = {{"delivery-limit", -1}};
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(TopologyCheck, FindsForeignConsumersOnly) {
  Dlq().consumer_tags = {"executor.dlq", "someone"};
  EXPECT_THAT(Findings(),
              ElementsAre(Is(FindingKind::kForeignConsumer, "queue attune.dlx.queue", "someone")));
}

TEST_F(TopologyCheck, FindsWhatIsWrongWithAWorkersQueue) {
  auto& limits = facts_.queues[plan_.WorkerQueueName("7")].limits;
  limits = {};
  EXPECT_THAT(Findings(),
              ElementsAre(Is(FindingKind::kLosesLetters, "queue worker.7.executions",
                             "no dead letter exchange"),
                          Is(FindingKind::kDiffers, "queue worker.7.executions", "not set")));
  limits = {{"dead-letter-exchange", "theirs"}, {"message-ttl", 1}};
  EXPECT_THAT(Findings(),
              ElementsAre(Is(FindingKind::kDiffers, "queue worker.7.executions", "theirs"),
                          Is(FindingKind::kDiffers, "queue worker.7.executions", "not 300000 ms")));
}

TEST_F(TopologyCheck, AnUnroutedExchangeOfAnotherTypeLosesLetters) {
  facts_.exchanges[plan_.unrouted_exchange].type = "direct";
  EXPECT_THAT(Findings(), ElementsAre(Is(FindingKind::kLosesLetters, "exchange attune.dlx.unrouted",
                                         "direct")));
}

TEST_F(TopologyCheck, ADispatchExchangeOfAnotherTypeDiffers) {
  facts_.exchanges[plan_.dispatch_exchange].type = "direct";
  EXPECT_THAT(Findings(),
              ElementsAre(Is(FindingKind::kDiffers, "exchange attune.executions", "direct")));
}

TEST_F(TopologyCheck, WhatCouldNotBeLookedAtIsOneFinding) {
  facts_.complete = false;
  facts_.why_incomplete = "no management_url is configured";
  facts_.bindings.clear();
  Dlx().alternate_exchange.reset();
  EXPECT_THAT(Findings(), ElementsAre(Is(FindingKind::kUnknown, "virtual host /",
                                         "no management_url is configured")));
}

TEST_F(TopologyCheck, FindsBrokersWithBrokenDeadLettering) {
  facts_.broker_version = "3.13.2";
  EXPECT_THAT(Findings(), ElementsAre(Is(FindingKind::kLosesLetters, "broker", "3.13.2")));
  for (const auto* broken : {"3.13.0", "3.13.1", "3.13.2", "4.0.0", "4.0.4", "4.0.4-rc.1"}) {
    EXPECT_TRUE(HasBrokenDeadLettering(broken)) << broken;
  }
  for (const auto* sound :
       {"3.10.8", "3.12.14", "3.13.3", "3.13.7", "4.0.5", "4.1.0", "", "unknown"}) {
    EXPECT_FALSE(HasBrokenDeadLettering(sound)) << sound;
  }
}

TEST_F(TopologyCheck, TheCommandAttachesTheAlternateExchange) {
  EXPECT_EQ(AttachCommand(plan_, facts_),
            "rabbitmqctl set_policy -p '/' --priority 0 --apply-to exchanges 'deadletter-unrouted' "
            R"('^attune\.dlx$' '{"alternate-exchange":"attune.dlx.unrouted"}')");
}

TEST_F(TopologyCheck, TheCommandExtendsThePolicyThatApplies) {
  Dlx().policy = "it's theirs";
  facts_.policies["it's theirs"] = {
      .pattern = ".*", .apply_to = "all", .priority = 3, .definition = {{"x", 1}}};
  EXPECT_EQ(AttachCommand(plan_, facts_),
            R"(rabbitmqctl set_policy -p '/' --priority 3 --apply-to all 'it'\''s theirs' '.*' )"
            R"('{"x":1,"alternate-exchange":"attune.dlx.unrouted"}')");
}

TEST(PolicyPattern, MatchesThatNameAlone) {
  EXPECT_EQ(PatternOf("a.b*c"), R"(^a\.b\*c$)");
  EXPECT_EQ(PatternOf(R"(\^$|?+()[]{})"), R"(^\\\^\$\|\?\+\(\)\[\]\{\}$)");
}

TEST(Refusal, TellsTheTypeThatIs) {
  EXPECT_EQ(
      CurrentTypeIn(
          "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'attune.dlx' in vhost '/': "
          "received 'topic' but current is 'direct'"),
      "direct");
  EXPECT_EQ(
      CurrentTypeIn(
          "inequivalent arg 'durable' for exchange 'x': received 'true' but current is 'false'"),
      std::nullopt);
  EXPECT_EQ(CurrentTypeIn("arg 'type' but current is '"), std::nullopt);
}

TEST_F(TopologyCheck, AListenerThatIsMissingIsFound) {
  auto plan = TopologyPlan{};
  plan.listeners = {{"heard", "attune.executions", "execution.completed"}};
  TopologyFacts facts;
  EXPECT_THAT(Judge(plan, facts), testing::Contains(testing::AllOf(
                                      testing::Field(&Finding::kind, FindingKind::kMissing),
                                      testing::Field(&Finding::subject, "queue heard"))));
}

}  // namespace
}  // namespace deadletter::rabbitmq
