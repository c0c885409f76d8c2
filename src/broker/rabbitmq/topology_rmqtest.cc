#include <boost/json.hpp>

#include "broker/rabbitmq/topology.h"
#include "broker/rabbitmq/topology_check.h"
#include "tests/support/rabbit_fixture.h"

namespace deadletter::rabbitmq {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

auto Is(FindingKind kind, const std::string& subject, const std::string& part = "") {
  return AllOf(Field(&Finding::kind, kind), Field(&Finding::subject, subject),
               Field(&Finding::message, HasSubstr(part)));
}

class RabbitTopologyTest : public RabbitFixture {
 protected:
  RabbitTopologyTest() {
    plan_.worker_ids = {"7"};
    plan_.worker_ttl = milliseconds{50};
    plan_.dead_letter_queues = {plan_.dlq, plan_.unrouted_queue};
    plan_.consumer_tags = {"executor.dlq"};
  }

  std::vector<Finding> Check() {
    auto findings = RabbitTopology(options_).Check(plan_);
    EXPECT_TRUE(findings.has_value()) << findings.error().message;
    return findings.value_or(std::vector<Finding>{});
  }
  // The management API answers from numbers that it gathers every second or so.
  template <class Matcher>
  void AwaitFindings(const Matcher& matcher) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    auto findings = Check();
    while (!testing::Matches(matcher)(findings) && std::chrono::steady_clock::now() < deadline) {
      findings = Check();
    }
    EXPECT_THAT(findings, matcher);
  }
  std::vector<AppliedChange> Apply() {
    auto changes = RabbitTopology(options_).Apply(plan_);
    EXPECT_TRUE(changes.has_value()) << changes.error().message;
    return changes.value_or(std::vector<AppliedChange>{});
  }
  void ExpectNoConflict(const std::vector<AppliedChange>& changes) {
    for (const auto& change : changes) EXPECT_FALSE(change.conflict) << change.message;
  }

  // As the original system declares it at each of its starts: direct, bound with '#'.
  void DeclareAsTheOriginalDoes() {
    node_.DeclareExchange(vhost_, plan_.dlx, "direct");
    node_.DeclareQueue(vhost_, plan_.dlq);
    node_.Bind(vhost_, plan_.dlx, plan_.dlq, "#");
  }
  void DeclareEverythingElse() {
    node_.DeclareExchange(vhost_, plan_.unrouted_exchange, "fanout");
    node_.DeclareQueue(vhost_, plan_.unrouted_queue);
    node_.Bind(vhost_, plan_.unrouted_exchange, plan_.unrouted_queue, "");
    node_.DeclareExchange(vhost_, plan_.dispatch_exchange, "topic");
    node_.DeclareQueue(vhost_, plan_.WorkerQueueName("7"),
                       R"({"x-message-ttl":50,"x-dead-letter-exchange":"attune.dlx"})");
    node_.Bind(vhost_, plan_.dispatch_exchange, plan_.WorkerQueueName("7"),
               TopologyPlan::DispatchKey("7"));
  }
  void LetOneDie(const std::string& body) {
    Send({To(plan_.dispatch_exchange, TopologyPlan::DispatchKey("7"), body)});
    AwaitReady(plan_.WorkerQueueName("7"), 0);
  }

  TopologyPlan plan_;
};

TEST_F(RabbitTopologyTest, ApplyDeclaresWhatIsMissingAndThenNothing) {
  EXPECT_FALSE(Check().empty());
  const auto changes = Apply();
  ExpectNoConflict(changes);
  EXPECT_EQ(changes.size(), 9U);  // three exchanges, three queues, three bindings
  AwaitFindings(IsEmpty());
  EXPECT_THAT(Apply(), IsEmpty());
  LetOneDie("late");
  auto consumer = MakeConsumer(plan_.dlq);
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  EXPECT_EQ(ReceiveExactly(consumer, 1).at(0).message.body, "late");
}

TEST_F(RabbitTopologyTest, CheckChangesNothing) {
  Check();
  EXPECT_THAT(node_.ListBindings(vhost_), IsEmpty());
  EXPECT_EQ(Ready(plan_.dlq), std::nullopt);
}

TEST_F(RabbitTopologyTest,
       P1_ADirectDlxBoundWithAWildcardIsFoundMendedByPolicyAndThenItsLettersArrive) {
  DeclareAsTheOriginalDoes();
  DeclareEverythingElse();
  LetOneDie("lost");
  AwaitFindings(ElementsAre(Is(FindingKind::kLosesLetters, "exchange attune.dlx",
                               "\"#\" is a wildcard for topic exchanges only")));

  const auto changes = Apply();
  ExpectNoConflict(changes);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_THAT(changes[0].message, HasSubstr("by policy"));
  const auto exchange = boost::json::parse(node_.DescribeExchange(vhost_, plan_.dlx));
  EXPECT_EQ(exchange.at("type"), "direct");
  EXPECT_EQ(exchange.at("arguments"), boost::json::object());
  DeclareAsTheOriginalDoes();  // its services go on starting

  AwaitFindings(IsEmpty());
  EXPECT_THAT(Apply(), IsEmpty());
  LetOneDie("saved");
  auto consumer = MakeConsumer(plan_.unrouted_queue);
  ASSERT_TRUE(consumer.Subscribe(10).has_value());
  const auto letters = ReceiveExactly(consumer, 1);
  EXPECT_EQ(letters.at(0).message.body, "saved");
  EXPECT_EQ(letters.at(0).routing_key, "execution.dispatch.worker.7");
}

TEST_F(RabbitTopologyTest, WithoutTheManagementApiTheDirectDlxIsFoundAndTheCommandMendsIt) {
  DeclareAsTheOriginalDoes();
  DeclareEverythingElse();
  options_.management_url.clear();
  AwaitFindings(ElementsAre(Is(FindingKind::kLosesLetters, "exchange attune.dlx", "direct"),
                            Is(FindingKind::kUnknown, "virtual host " + vhost_, "management_url")));
  const auto changes = Apply();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes[0].conflict);
  const auto command = changes[0].message.substr(changes[0].message.find("rabbitmqctl"));
  node_.RunShell(command);
  options_.management_url = node_.ManagementUrl();
  AwaitFindings(IsEmpty());
}

TEST_F(RabbitTopologyTest, WithoutTheManagementApiApplyStillDeclaresAndSaysNothingTwice) {
  options_.management_url.clear();
  const auto changes = Apply();
  ExpectNoConflict(changes);
  EXPECT_EQ(changes.size(), 9U);
  EXPECT_THAT(Apply(), IsEmpty());
  AwaitFindings(ElementsAre(Is(FindingKind::kUnknown, "virtual host " + vhost_)));
  options_.management_url = node_.ManagementUrl();
  AwaitFindings(IsEmpty());
}

TEST_F(RabbitTopologyTest, AManagementApiThatDoesNotAnswerIsAsIfThereWereNone) {
  Apply();
  options_.management_url = "http://guest:guest@127.0.0.1:1";
  AwaitFindings(ElementsAre(Is(FindingKind::kUnknown, "virtual host " + vhost_, "management API")));
}

TEST_F(RabbitTopologyTest, AForeignPolicyOnTheDlxIsAConflictWhoseCommandExtendsIt) {
  DeclareAsTheOriginalDoes();
  DeclareEverythingElse();
  node_.SetPolicy(vhost_, "theirs", "^attune", "all", R"({"max-length":5000})");
  const auto changes = Apply();
  ASSERT_FALSE(changes.empty());
  for (const auto& change : changes) EXPECT_TRUE(change.conflict) << change.message;
  EXPECT_THAT(changes[0].message,
              AllOf(HasSubstr("theirs"), HasSubstr("\"max-length\":5000"),
                    HasSubstr("\"alternate-exchange\":\"attune.dlx.unrouted\"")));
}

TEST_F(RabbitTopologyTest, AnExistingExchangeKeepsItsType) {
  node_.DeclareExchange(vhost_, plan_.dlx, "fanout");
  node_.DeclareExchange(vhost_, plan_.dispatch_exchange, "direct");
  ExpectNoConflict(Apply());
  EXPECT_EQ(boost::json::parse(node_.DescribeExchange(vhost_, plan_.dlx)).at("type"), "fanout");
  AwaitFindings(ElementsAre(Is(FindingKind::kDiffers, "exchange attune.executions", "direct")));
}

TEST_F(RabbitTopologyTest, FindsLimitsByPolicyAndByArgument) {
  node_.DeclareQueue(vhost_, plan_.dlq, R"({"x-message-ttl":1000})");
  Apply();
  node_.SetPolicy(vhost_, "limit", "unrouted.queue$", "queues", R"({"max-length":5})");
  AwaitFindings(ElementsAre(
      Is(FindingKind::kLosesLetters, "queue attune.dlx.queue", "message-ttl = 1000"),
      Is(FindingKind::kLosesLetters, "queue attune.dlx.unrouted.queue", "max-length = 5")));
}

TEST_F(RabbitTopologyTest, FindsAForeignConsumerAndNotOurs) {
  Apply();
  auto ours = MakeConsumer(plan_.dlq);
  RabbitConsumer foreign(options_, plan_.dlq, "somebody");
  ASSERT_TRUE(ours.Subscribe(1).has_value());
  ASSERT_TRUE(foreign.Subscribe(1).has_value());
  AwaitFindings(
      ElementsAre(Is(FindingKind::kForeignConsumer, "queue attune.dlx.queue", "somebody")));
}

TEST_F(RabbitTopologyTest, AMissingBrokerIsAnError) {
  options_.urls = {"amqp://127.0.0.1:1/"};
  EXPECT_EQ(RabbitTopology(options_).Check(plan_).error().fault, BrokerFault::kUnreachable);
  EXPECT_EQ(RabbitTopology(options_).Apply(plan_).error().fault, BrokerFault::kUnreachable);
}

}  // namespace
}  // namespace deadletter::rabbitmq
