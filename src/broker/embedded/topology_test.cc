#include "broker/embedded/topology.h"

#include "broker/embedded/test_fixture.h"

namespace deadletter {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class EmbeddedTopologyTest : public EmbeddedQueueFile {
 protected:
  void SetUp() override {
    plan_.worker_ids = {"7", "8"};
    plan_.dead_letter_queues = {plan_.dlq, plan_.unrouted_queue};
    plan_.consumer_tags = {"executor.dlq"};
    plan_.listeners = {{"heard", plan_.dispatch_exchange, "execution.completed"}};
  }

  std::vector<Finding> Check() {
    auto findings = topology_.Check(plan_);
    EXPECT_TRUE(findings) << findings.error().message;
    return findings.value_or(std::vector<Finding>{});
  }
  std::vector<AppliedChange> Apply() {
    auto changes = topology_.Apply(plan_);
    EXPECT_TRUE(changes) << changes.error().message;
    return changes.value_or(std::vector<AppliedChange>{});
  }
  static bool Has(const std::vector<Finding>& findings, FindingKind kind,
                  const std::string& subject) {
    return std::ranges::any_of(findings, [&](const auto& finding) {
      return finding.kind == kind && finding.subject == subject;
    });
  }
  static bool AnyConflict(const std::vector<AppliedChange>& changes) {
    return std::ranges::any_of(changes, [](const auto& change) { return change.conflict; });
  }

  TopologyPlan plan_;
  std::shared_ptr<EmbeddedBroker> broker_ = Open();
  EmbeddedTopology topology_{broker_};
};

TEST_F(EmbeddedTopologyTest, ApplyDeclaresAllThatCheckMissesAndThenNothing) {
  for (const auto& finding : Check())
    EXPECT_EQ(finding.kind, FindingKind::kMissing) << finding.subject;
  EXPECT_TRUE(Has(Check(), FindingKind::kMissing, "queue worker.7.executions"));
  const auto changes = Apply();
  EXPECT_FALSE(AnyConflict(changes));
  EXPECT_GE(changes.size(), 12U);
  EXPECT_TRUE(Check().empty());
  EXPECT_TRUE(Apply().empty());
}

TEST_F(EmbeddedTopologyTest, AnExecutionThatNobodyTakesArrivesInTheDeadLetterQueue) {
  Apply();
  auto message = To("", "execution");
  message.address = {plan_.dispatch_exchange, TopologyPlan::DispatchKey("7")};
  Send(broker_, message);
  clock_.Advance(plan_.worker_ttl);
  ASSERT_TRUE(broker_->HandleDue());
  auto consumer = Subscribed(broker_, plan_.dlq);
  const auto letters = Ready(*consumer);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(ReadDeathHistory(letters[0].message.headers).deaths.at(0).queue, "worker.7.executions");
}

TEST_F(EmbeddedTopologyTest, ADirectDeadLetterExchangeIsFoundAndMendedWithoutTouchingIt) {
  ASSERT_TRUE(broker_->DeclareExchange(plan_.dlx, ExchangeType::kDirect));
  EXPECT_TRUE(Has(Check(), FindingKind::kLosesLetters, "exchange attune.dlx"));
  EXPECT_FALSE(AnyConflict(Apply()));
  const auto after = Check();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].kind, FindingKind::kDiffers);
  EXPECT_THAT(after[0].message, HasSubstr("direct"));

  auto message = To("worker.8.executions", "execution");
  Send(broker_, message);
  clock_.Advance(plan_.worker_ttl);
  ASSERT_TRUE(broker_->HandleDue());
  auto consumer = Subscribed(broker_, plan_.unrouted_queue);
  EXPECT_EQ(Ready(*consumer).size(), 1U);
}

TEST_F(EmbeddedTopologyTest, WhatIsThereOtherwiseIsAConflictAndLeftAsItIs) {
  ASSERT_TRUE(broker_->DeclareExchange(plan_.dlx, ExchangeType::kTopic));
  ASSERT_TRUE(broker_->SetAlternateExchange(plan_.dlx, "somebody's"));
  ASSERT_TRUE(broker_->DeclareQueue({.name = "worker.7.executions"}));
  EXPECT_TRUE(Has(Check(), FindingKind::kLosesLetters, "queue worker.7.executions"));
  const auto changes = Apply();
  EXPECT_EQ(std::ranges::count(changes, true, &AppliedChange::conflict), 2);
  EXPECT_TRUE(Has(Check(), FindingKind::kLosesLetters, "exchange attune.dlx"));
  EXPECT_TRUE(Has(Check(), FindingKind::kLosesLetters, "queue worker.7.executions"));
}

TEST_F(EmbeddedTopologyTest, ALimitOnADeadLetterQueueLosesLetters) {
  ASSERT_TRUE(broker_->DeclareQueue({.name = plan_.dlq, .message_ttl = 1h}));
  Apply();
  EXPECT_TRUE(Has(Check(), FindingKind::kLosesLetters, "queue attune.dlx.queue"));
}

TEST_F(EmbeddedTopologyTest, AConfiguredQueueBesideThePlanIsLookedFor) {
  Apply();
  plan_.dead_letter_queues.push_back("another.dlq");
  const auto findings = Check();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::kMissing);
  EXPECT_EQ(findings[0].subject, "queue another.dlq");
}

TEST_F(EmbeddedTopologyTest, ForeignConsumersAreNamedWhileTheyConsume) {
  Apply();
  EmbeddedConsumer ours(broker_, plan_.dlq, "executor.dlq");
  EmbeddedConsumer foreign(broker_, plan_.dlq, "somebody");
  ASSERT_TRUE(ours.Subscribe(1));
  ASSERT_TRUE(foreign.Subscribe(1));
  const auto findings = Check();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::kForeignConsumer);
  EXPECT_THAT(findings[0].message, HasSubstr("somebody"));
  ASSERT_TRUE(foreign.Cancel());
  EXPECT_TRUE(Check().empty());
  ASSERT_TRUE(foreign.Subscribe(1));
  foreign.Close();
  EXPECT_TRUE(Check().empty());
}

TEST_F(EmbeddedTopologyTest, P4_HeldLettersAreAFinding) {
  Apply();
  ASSERT_TRUE(broker_->DeclareQueue(
      {.name = "lost", .message_ttl = 0ms, .dead_letter_exchange = "nowhere"}));
  Send(broker_, To("lost", "held"));
  ASSERT_TRUE(broker_->HandleDue());
  const auto findings = Check();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].subject, "queue lost");
  EXPECT_THAT(findings[0].message, HasSubstr("1 dead"));
}

}  // namespace
}  // namespace deadletter
