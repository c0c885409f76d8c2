// What every WorkQueue promises. Included once a test program.
#pragma once

#include "tests/conformance/broker_conformance.h"

namespace deadletter::test {

class WorkQueueConformance : public BrokerConformance {
 protected:
  static constexpr milliseconds kLease{600'000};

  static std::vector<Lease> Take(WorkQueue& work, const std::string& queue, std::size_t max,
                                 milliseconds wait = kPatience) {
    auto leases = work.Take(queue, max, kLease, wait);
    EXPECT_TRUE(leases.has_value()) << leases.error().message;
    return leases ? std::move(*leases) : std::vector<Lease>{};
  }
};

TEST_P(WorkQueueConformance, TakesWhatIsReadyInOrderAndNoMoreThanAsked) {
  broker().DeclareQueue("work", {});
  SendNumbered("work", 5);
  auto work = broker().MakeWorkQueue();
  const auto leases = Take(*work, "work", 3);
  ASSERT_EQ(leases.size(), 3U);
  EXPECT_EQ(leases[0].delivery.message, PersistentMessage("message 0"));
  EXPECT_EQ(leases[2].delivery.message.body, "message 2");
  EXPECT_FALSE(leases[0].delivery.redelivered);
  EXPECT_NE(leases[0].id, leases[1].id);
  EXPECT_EQ(Take(*work, "work", 10).size(), 2U);
}

TEST_P(WorkQueueConformance, AnEmptyQueueGivesNothingOnceTheWaitIsOver) {
  broker().DeclareQueue("work", {});
  auto work = broker().MakeWorkQueue();
  EXPECT_TRUE(Take(*work, "work", 10, milliseconds{0}).empty());
  EXPECT_TRUE(Take(*work, "work", 10, milliseconds{30}).empty());
}

TEST_P(WorkQueueConformance, AMissingQueueIsToldAsSuch) {
  auto work = broker().MakeWorkQueue();
  const auto leases = work->Take("nowhere", 1, kLease, milliseconds{0});
  ASSERT_FALSE(leases.has_value());
  EXPECT_EQ(leases.error().fault, BrokerFault::kQueueMissing) << leases.error().message;
  broker().DeclareQueue("nowhere", {});
  EXPECT_TRUE(Take(*work, "nowhere", 1, milliseconds{0}).empty());
}

TEST_P(WorkQueueConformance, AnAcknowledgedMessageIsGoneForGood) {
  broker().DeclareQueue("work", {});
  SendNumbered("work", 2);
  {
    auto work = broker().MakeWorkQueue();
    const auto leases = Take(*work, "work", 2);
    ASSERT_EQ(leases.size(), 2U);
    EXPECT_TRUE(work->Acknowledge(leases[1].id).value());
    EXPECT_FALSE(work->Acknowledge(leases[1].id).value());
    EXPECT_FALSE(work->Reject(leases[1].id, true).value());
    // Put back by us rather than by the loss of the queue, so that the next one finds it there.
    EXPECT_TRUE(work->Reject(leases[0].id, true).value());
    ASSERT_TRUE(BecomesReady("work", 1));
  }
  auto work = broker().MakeWorkQueue();
  const auto again = Take(*work, "work", 10);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].delivery.message.body, "message 0");
  EXPECT_TRUE(again[0].delivery.redelivered);
}

TEST_P(WorkQueueConformance, ARequeuedMessageComesAgain) {
  broker().DeclareQueue("work", {});
  SendBodies("work", {"once more"});
  auto work = broker().MakeWorkQueue();
  const auto first = Take(*work, "work", 1);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_TRUE(work->Reject(first[0].id, true).value());
  const auto second = Take(*work, "work", 1);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].delivery.message.body, "once more");
  EXPECT_TRUE(second[0].delivery.redelivered);
}

TEST_P(WorkQueueConformance, ALeaseThatNobodyGaveIsNotOurs) {
  auto work = broker().MakeWorkQueue();
  for (const std::string id : {"", "1", "no lease", "999999999999999999999999"}) {
    EXPECT_FALSE(work->Acknowledge(id).value()) << id;
    EXPECT_FALSE(work->Reject(id, false).value()) << id;
  }
}

TEST_P(WorkQueueConformance, OneWorkQueueServesSeveralQueues) {
  broker().DeclareQueue("one", {});
  broker().DeclareQueue("two", {});
  SendBodies("one", {"first"});
  SendBodies("two", {"second"});
  auto work = broker().MakeWorkQueue();
  const auto from_two = Take(*work, "two", 1);
  const auto from_one = Take(*work, "one", 1);
  ASSERT_EQ(from_one.size(), 1U);
  ASSERT_EQ(from_two.size(), 1U);
  EXPECT_EQ(from_one[0].delivery.message.body, "first");
  EXPECT_EQ(from_two[0].delivery.message.body, "second");
  EXPECT_TRUE(work->Acknowledge(from_one[0].id).value());
  EXPECT_TRUE(work->Acknowledge(from_two[0].id).value());
}

TEST_P(WorkQueueConformance, TwoWorkersNeverHoldTheSameMessage) {
  broker().DeclareQueue("work", {});
  SendNumbered("work", 10);
  auto one = broker().MakeWorkQueue();
  auto two = broker().MakeWorkQueue();
  std::set<std::string> bodies;
  for (const auto& lease : Take(*one, "work", 5)) bodies.insert(lease.delivery.message.body);
  for (const auto& lease : Take(*two, "work", 5)) bodies.insert(lease.delivery.message.body);
  EXPECT_EQ(bodies.size(), 10U);
}

TEST_P(WorkQueueConformance, ExtendMovesTheEndOfALeaseWhereLeasesEnd) {
  broker().DeclareQueue("work", {});
  SendBodies("work", {"long work"});
  auto work = broker().MakeWorkQueue();
  const auto leases = Take(*work, "work", 1);
  ASSERT_EQ(leases.size(), 1U);
  EXPECT_EQ(work->Extend(leases[0].id, kLease).value(), work->capabilities().can_extend);
  EXPECT_TRUE(work->Acknowledge(leases[0].id).value());
}

}  // namespace deadletter::test
