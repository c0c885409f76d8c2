#include "broker/rabbitmq/examination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deadletter::rabbitmq {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

auto Is(DiagnosisLevel level, const std::string& check, const std::string& seen = "",
        const std::string& advice = "") {
  return AllOf(Field(&Diagnosis::level, level), Field(&Diagnosis::check, check),
               Field(&Diagnosis::seen, HasSubstr(seen)),
               Field(&Diagnosis::advice, HasSubstr(advice)));
}

class BrokerExaminationTest : public testing::Test {
 protected:
  BrokerExaminationTest() {
    auto& plan = wanted_.topology;
    plan.worker_ids = {"7"};
    plan.dead_letter_queues = {plan.dlq, plan.unrouted_queue};
    plan.consumer_tags = {"executor.dlq"};
    wanted_.optional_queues = {plan.unrouted_queue};
    wanted_.events = Address{plan.dispatch_exchange, "execution.completed"};
    facts_.addresses = {{.shown = "amqp://rabbit:5672//", .error = {}}};
    facts_.user = "clerk";
    facts_.management_configured = true;
    facts_.has_topology = true;
    facts_.reading = {{plan.dlq, Right::kThere}};
    facts_.writing = {{"", Right::kThere}, {plan.dispatch_exchange, Right::kThere}};
    facts_.events_exchange_exists = true;
    facts_.nodes = {{.name = "rabbit@here"}};
    auto& topology = facts_.topology;
    topology.complete = true;
    topology.vhost = "/";
    topology.broker_version = "3.10.8";
    topology.exchanges[plan.dlx].type = "topic";
    topology.exchanges[plan.dlx].alternate_exchange = plan.unrouted_exchange;
    topology.exchanges[plan.unrouted_exchange].type = "fanout";
    topology.exchanges[plan.dispatch_exchange].type = "topic";
    topology.queues[plan.dlq].waiting = 3;
    topology.queues[plan.unrouted_queue].waiting = 0;
    auto& worker = Worker();
    worker.limits["message-ttl"] = plan.worker_ttl.count();
    worker.limits["dead-letter-exchange"] = plan.dlx;
    topology.queues["listener"];
    topology.bindings = {
        {plan.dlx, plan.dlq, "#"},
        {plan.unrouted_exchange, plan.unrouted_queue, ""},
        {plan.dispatch_exchange, "worker.7.executions", TopologyPlan::DispatchKey("7")},
        {plan.dispatch_exchange, "listener", "execution.#"}};
  }

  QueueFacts& Worker() { return facts_.topology.queues["worker.7.executions"]; }
  QueueFacts& Dlq() { return facts_.topology.queues[wanted_.topology.dlq]; }
  [[nodiscard]] std::vector<Diagnosis> All() const { return JudgeBroker(wanted_, facts_); }
  [[nodiscard]] std::vector<Diagnosis> Troubles() const {
    auto all = All();
    std::erase_if(all, [](const auto& one) { return one.level == DiagnosisLevel::kOk; });
    return all;
  }

  BrokerExpectations wanted_;
  BrokerFacts facts_;
};

TEST_F(BrokerExaminationTest, ASoundSetUpIsAllOkAndTellsHowManyWait) {
  EXPECT_THAT(Troubles(), IsEmpty());
  EXPECT_THAT(All(), Contains(Is(DiagnosisLevel::kOk, "queue attune.dlx.queue", "3 letters wait")));
  EXPECT_THAT(All(), Contains(Is(DiagnosisLevel::kOk, "events exchange attune.executions")));
}

TEST_F(BrokerExaminationTest, OneNodeOfSeveralThatIsAwayIsAWarningAndAllOfThemAreWrong) {
  const AddressFacts away{.shown = "amqp://other:5672//",
                          .error = BrokerError{BrokerFault::kUnreachable, "connection refused"}};
  facts_.addresses.push_back(away);
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning, "broker amqp://other:5672//",
                                         "connection refused")));
  facts_.addresses = {away};
  EXPECT_THAT(Troubles(), Contains(Is(DiagnosisLevel::kWrong, "broker amqp://other:5672//")));
}

TEST_F(BrokerExaminationTest, ALoginThatIsRefusedIsWrongWhateverTheOthersSay) {
  facts_.addresses.push_back(
      {.shown = "b", .error = BrokerError{BrokerFault::kRefused, "ACCESS_REFUSED"}});
  EXPECT_THAT(Troubles(),
              ElementsAre(Is(DiagnosisLevel::kWrong, "broker b", "ACCESS_REFUSED", "password")));
}

TEST_F(BrokerExaminationTest, VersionsAreToldThatLoseLettersOrWereNeverTried) {
  for (const auto* version : {"3.13.1", "4.0.4"}) {
    facts_.topology.broker_version = version;
    EXPECT_THAT(Troubles(), Contains(Is(DiagnosisLevel::kWrong, "broker version", version)));
  }
  for (const auto* version : {"3.9.29", "5.0.0", "what"}) {
    facts_.topology.broker_version = version;
    EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning, "broker version", version)));
  }
  for (const auto* version : {"3.10.0", "3.13.3", "4.2.1"}) {
    facts_.topology.broker_version = version;
    EXPECT_THAT(Troubles(), IsEmpty()) << version;
  }
}

TEST_F(BrokerExaminationTest, ALimitOfADeadLetterQueueIsWrongAndItsWayOutDependsOnItsOrigin) {
  Dlq().limits["message-ttl"] = 1000;
  Dlq().policy_definition["message-ttl"] = 1000;
  Dlq().policy = "short";
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "queue attune.dlx.queue",
                                         "message-ttl = 1000", "policy short")));
  Dlq().arguments["x-message-ttl"] = 1000;
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "queue attune.dlx.queue",
                                         "message-ttl = 1000", "cannot be changed")));
}

TEST_F(BrokerExaminationTest, TheDefaultDeliveryLimitOfVersion4IsWrongAndItsCommandIsTold) {
  Dlq().type = "quorum";
  EXPECT_THAT(Troubles(), IsEmpty());
  facts_.topology.broker_version = "4.1.0";
  EXPECT_THAT(Troubles(),
              ElementsAre(Is(DiagnosisLevel::kWrong, "queue attune.dlx.queue", "20",
                             "rabbitmqctl set_policy -p '/' --apply-to queues deadletter-keep "
                             "'^attune\\.dlx\\.queue$' '{\"delivery-limit\":-1}'")));
  Dlq().policy = "theirs";
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "queue attune.dlx.queue", "20",
                                         "policy theirs")));
}

TEST_F(BrokerExaminationTest, AnOptionalQueueThatIsMissingIsAWarningUnlessSomethingLeadsThere) {
  const auto& plan = wanted_.topology;
  facts_.topology.queues.erase(plan.unrouted_queue);
  EXPECT_THAT(Troubles(), Contains(Is(DiagnosisLevel::kWrong, "queue attune.dlx.unrouted.queue")));
  facts_.topology.exchanges[plan.dlx].alternate_exchange.reset();
  EXPECT_THAT(Troubles(),
              Contains(Is(DiagnosisLevel::kWarning, "queue attune.dlx.unrouted.queue")));
}

TEST_F(BrokerExaminationTest, RightsThatAreRefusedAreWrongAndThoseNotToldUnknown) {
  facts_.reading["attune.dlx.queue"] = Right::kRefused;
  facts_.writing["attune.executions"] = Right::kRefused;
  facts_.writing[""] = Right::kRefused;
  EXPECT_THAT(
      Troubles(),
      ElementsAre(Is(DiagnosisLevel::kWrong, "right to read queue attune.dlx.queue", "clerk"),
                  Is(DiagnosisLevel::kWarning, "right to write to exchange amq.default"),
                  Is(DiagnosisLevel::kWrong, "right to write to exchange attune.executions")));
  facts_.reading["attune.dlx.queue"] = Right::kNotKnown;
  EXPECT_THAT(Troubles(),
              Contains(Is(DiagnosisLevel::kUnknown, "right to read queue attune.dlx.queue")));
}

TEST_F(BrokerExaminationTest, EventsThatReachNobodyAreWrong) {
  facts_.topology.bindings.erase({"attune.executions", "listener", "execution.#"});
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong,
                                         "events exchange attune.executions", "no queue gets")));
  wanted_.events.reset();
  EXPECT_THAT(Troubles(), IsEmpty());
}

TEST_F(BrokerExaminationTest, AlarmsPartitionsAndNodesThatStandStillAreTold) {
  facts_.nodes = {{.name = "a", .memory_alarm = true},
                  {.name = "b", .disk_alarm = true},
                  {.name = "c", .partitioned = true},
                  {.name = "d", .running = false}};
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "node a", "memory"),
                                      Is(DiagnosisLevel::kWrong, "node b", "disk"),
                                      Is(DiagnosisLevel::kWrong, "node c", "partitioned"),
                                      Is(DiagnosisLevel::kWarning, "node d", "does not run")));
}

TEST_F(BrokerExaminationTest, AShortConsumerTimeoutIsAWarning) {
  Dlq().limits["consumer-timeout"] = 60'000;
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning,
                                         "consumer timeout of queue attune.dlx.queue", "60000")));
  Dlq().limits["consumer-timeout"] = 1'800'000;
  EXPECT_THAT(Troubles(), IsEmpty());
}

TEST_F(BrokerExaminationTest, WithoutTheManagementApiOnlyWhatAmqpTellsIsJudged) {
  facts_.topology.complete = false;
  facts_.topology.bindings.clear();
  facts_.management_configured = false;
  EXPECT_THAT(Troubles(),
              ElementsAre(Is(DiagnosisLevel::kUnknown, "management API"),
                          Is(DiagnosisLevel::kUnknown, "events exchange attune.executions")));
  facts_.has_topology = false;
  EXPECT_THAT(Troubles(), Contains(Is(DiagnosisLevel::kUnknown, "exchanges and queues")));
}

TEST_F(BrokerExaminationTest, ManyQueuesThatLoseWhatDiesInThemAreCountedAndNotAllTold) {
  for (int i = 0; i < 100; ++i) {
    facts_.topology.queues["lost." + std::to_string(i)].limits["dead-letter-exchange"] = "nowhere";
  }
  const auto troubles = Troubles();
  EXPECT_EQ(troubles.size(), 21U);
  EXPECT_THAT(troubles, Contains(Is(DiagnosisLevel::kWrong, "deaths in other queues", "80 more")));
}

TEST_F(BrokerExaminationTest, AWorkerQueueWhoseDeadComeToNobodyOfOursIsAWarning) {
  facts_.topology.exchanges["theirs"].type = "fanout";
  facts_.topology.bindings.insert({"theirs", "listener", ""});
  Worker().limits["dead-letter-exchange"] = "theirs";
  EXPECT_THAT(Troubles(), Contains(Is(DiagnosisLevel::kWarning,
                                      "deaths in queue worker.7.executions", "goes to listener")));
}

TEST_F(BrokerExaminationTest, WhatOnlyTheBrokerCanRouteIsNotCalledLost) {
  facts_.topology.exchanges["plugin"].type = "x-consistent-hash";
  facts_.topology.bindings.insert({"plugin", "listener", "1"});
  facts_.topology.queues["other"].limits["dead-letter-exchange"] = "plugin";
  EXPECT_THAT(Troubles(), IsEmpty());
}

}  // namespace
}  // namespace deadletter::rabbitmq
