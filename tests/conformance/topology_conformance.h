// What every Topology finds and declares. Included once a test program.
#pragma once

#include "tests/conformance/broker_conformance.h"

namespace deadletter::test {

class TopologyConformance : public BrokerConformance {
 protected:
  void SetUp() override {
    BrokerConformance::SetUp();
    plan_.worker_ids = {"7"};
    plan_.worker_ttl = milliseconds{60'000};
    plan_.dead_letter_queues = {plan_.dlq, plan_.unrouted_queue};
    plan_.consumer_tags = {broker().consumer_tag()};
    topology_ = broker().MakeTopology();
  }

  static auto Finds(FindingKind kind, const std::string& subject) {
    return testing::AllOf(testing::Field(&Finding::kind, kind),
                          testing::Field(&Finding::subject, subject));
  }
  static auto Conflict(const std::string& about) {
    return testing::AllOf(testing::Field(&AppliedChange::conflict, true),
                          testing::Field(&AppliedChange::message, testing::HasSubstr(about)));
  }

  std::vector<Finding> Check() {
    auto findings = topology_->Check(plan_);
    EXPECT_TRUE(findings.has_value()) << findings.error().message;
    return findings.value_or(std::vector<Finding>{});
  }
  // A management API tells some things only a second later.
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
    auto changes = topology_->Apply(plan_);
    EXPECT_TRUE(changes.has_value()) << changes.error().message;
    return changes.value_or(std::vector<AppliedChange>{});
  }
  void ApplyWithoutConflict() {
    for (const auto& change : Apply()) EXPECT_FALSE(change.conflict) << change.message;
  }

  const std::string worker_queue_ = "worker.7.executions";
  TopologyPlan plan_;
  std::unique_ptr<Topology> topology_;
};

TEST_P(TopologyConformance, ApplyDeclaresAllThatCheckMissesAndThenNothing) {
  const auto missing = Check();
  EXPECT_FALSE(missing.empty());
  for (const auto& finding : missing)
    EXPECT_EQ(finding.kind, FindingKind::kMissing) << finding.subject << ": " << finding.message;
  EXPECT_FALSE(Check().empty()) << "looking changes nothing";
  ApplyWithoutConflict();
  AwaitFindings(testing::IsEmpty());
  EXPECT_THAT(Apply(), testing::IsEmpty());
}

TEST_P(TopologyConformance, P1_AWorkersQueueWithAnotherTtlIsAConflictAndKeepsIt) {
  broker().DeclareQueue(worker_queue_,
                        {.ttl = milliseconds{1000}, .dead_letter_exchange = plan_.dlx});
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Apply(), testing::Contains(Conflict(worker_queue_)));
    AwaitFindings(testing::ElementsAre(Finds(FindingKind::kDiffers, "queue " + worker_queue_)));
  }
}

TEST_P(TopologyConformance, P1_AWorkersQueueWithoutADeadLetterExchangeIsAConflictAndLosesLetters) {
  broker().DeclareQueue(worker_queue_, {.ttl = plan_.worker_ttl});
  EXPECT_THAT(Apply(), testing::Contains(Conflict(worker_queue_)));
  AwaitFindings(testing::ElementsAre(Finds(FindingKind::kLosesLetters, "queue " + worker_queue_)));
}

TEST_P(TopologyConformance, P1_ADeadLetterQueueThatForgetsIsAConflictAndLosesLetters) {
  broker().DeclareQueue(plan_.dlq, {.ttl = milliseconds{1000}});
  EXPECT_THAT(Apply(), testing::Contains(Conflict(plan_.dlq)));
  AwaitFindings(testing::Contains(Finds(FindingKind::kLosesLetters, "queue " + plan_.dlq)));
}

TEST_P(TopologyConformance, AQueueOfLettersThatIsNotConfiguredIsFoundAndNoConflict) {
  plan_.dead_letter_queues = {plan_.dlq};
  ApplyWithoutConflict();
  AwaitFindings(testing::ElementsAre(Finds(FindingKind::kLosesLetters, "configuration")));
}

TEST_P(TopologyConformance, AnExistingExchangeKeepsItsType) {
  broker().DeclareExchange(plan_.dispatch_exchange, "direct");
  ApplyWithoutConflict();
  AwaitFindings(
      testing::ElementsAre(Finds(FindingKind::kDiffers, "exchange " + plan_.dispatch_exchange)));
}

TEST_P(TopologyConformance, P1_LettersOfADirectDeadLetterExchangeArriveUnrouted) {
  broker().DeclareExchange(plan_.dlx, "direct");
  plan_.worker_ttl = milliseconds{50};
  ApplyWithoutConflict();
  auto publisher = broker().MakePublisher();
  const std::vector<OutgoingMessage> messages = {
      {{plan_.dispatch_exchange, TopologyPlan::DispatchKey("7")}, PersistentMessage("late")}};
  EXPECT_EQ(publisher->Publish(messages).at(0).outcome, PublishOutcome::kConfirmed);
  auto consumer = Subscribed(plan_.unrouted_queue);
  EXPECT_THAT(Bodies(ReceiveExactly(*consumer, 1)), testing::ElementsAre("late"));
}

}  // namespace deadletter::test
