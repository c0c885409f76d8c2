#include "broker/embedded/work_queue.h"

#include <stop_token>
#include <thread>

#include "broker/embedded/test_fixture.h"

namespace deadletter {
namespace {

using namespace std::chrono_literals;

class EmbeddedLeases : public EmbeddedQueueFile {
 protected:
  void SetUp() override {
    ASSERT_TRUE(broker_->DeclareQueue({.name = "work"}));
    Send(broker_, To("work", "task"));
  }

  Lease TakeOne(std::chrono::milliseconds duration = kMinute) {
    auto leases = work_.Take("work", 1, duration, kPatience);
    EXPECT_TRUE(leases) << leases.error().message;
    EXPECT_EQ(leases->size(), 1U);
    return leases->at(0);
  }

  std::shared_ptr<EmbeddedBroker> broker_ = Open();
  EmbeddedWorkQueue work_{broker_};
};

TEST_F(EmbeddedLeases, ALeaseThatEndsGivesTheMessageToTheNext) {
  const auto first = TakeOne();
  EXPECT_EQ(first.until, clock_.Now() + kMinute);
  clock_.Advance(kMinute);
  EXPECT_FALSE(work_.Acknowledge(first.id).value()) << "over is over, looked after or not";
  EXPECT_FALSE(work_.Extend(first.id, kMinute).value());
  EXPECT_FALSE(work_.Reject(first.id, false).value());
  ASSERT_TRUE(broker_->HandleDue());
  const auto second = TakeOne();
  EXPECT_TRUE(second.delivery.redelivered);
  EXPECT_EQ(second.delivery.DeliveryCount(), 1U);
  EXPECT_NE(second.id, first.id);
  EXPECT_FALSE(work_.Acknowledge(first.id).value());
  EXPECT_TRUE(work_.Acknowledge(second.id).value());
}

TEST_F(EmbeddedLeases, ExtendMovesTheEnd) {
  const auto lease = TakeOne();
  clock_.Advance(59s);
  EXPECT_TRUE(work_.Extend(lease.id, kMinute).value());
  clock_.Advance(59s);
  ASSERT_TRUE(broker_->HandleDue());
  EXPECT_EQ(Count(*broker_, "work").unacknowledged, 1U);
  EXPECT_TRUE(work_.Acknowledge(lease.id).value());
}

TEST_F(EmbeddedLeases, ALeaseOutlivesItsProcess) {
  const auto lease = TakeOne();
  auto other = Open();
  broker_.reset();
  EXPECT_TRUE(EmbeddedWorkQueue(other).Acknowledge(lease.id).value());
}

TEST_F(EmbeddedLeases, ALeaseThatEndedDuringADowntimeReturnsAtOpening) {
  TakeOne();
  clock_.Advance(24h);
  auto other = Open();
  ASSERT_TRUE(other->HandleDue());
  EXPECT_EQ(Count(*other, "work").ready, 1U);
}

TEST_F(EmbeddedLeases, P9_ALeaseHasALongestDuration) {
  EXPECT_EQ(TakeOne(std::chrono::milliseconds::max()).until,
            clock_.Now() + EmbeddedWorkQueue::kMaxLease);
}

TEST_F(EmbeddedLeases, WhatALeaseIsOfCanBeLookedAtWhileItLasts) {
  const auto lease = TakeOne();
  const auto found = work_.Find(lease.id).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->message, lease.delivery.message);
  EXPECT_EQ(found->dead_letter_queue, "work");
  EXPECT_EQ(found->routing_key, lease.delivery.routing_key);
  EXPECT_EQ(found->redelivered, lease.delivery.redelivered);
  EXPECT_EQ(EmbeddedWorkQueue(Open()).Find(lease.id).value()->message, lease.delivery.message);
  clock_.Advance(kMinute);
  EXPECT_FALSE(work_.Find(lease.id).value());
  ASSERT_TRUE(broker_->HandleDue());
  const auto again = TakeOne();
  EXPECT_FALSE(work_.Find(lease.id).value());
  EXPECT_TRUE(work_.Find(again.id).value()->redelivered);
  EXPECT_EQ(work_.Find(again.id).value()->DeliveryCount(), 1U);
  EXPECT_FALSE(work_.Find("1-1").value());
  EXPECT_FALSE(work_.Find("no lease").value());
}

TEST_F(EmbeddedLeases, P9_NoMoreBytesAreGivenThanAskedForButForOneMessageAlone) {
  for (const std::size_t size : {100'000U, 100'000U, 300'000U}) {
    auto message = To("work", "large");
    message.message.body.assign(size, 'b');
    Send(broker_, message);
  }
  const auto take = [&] {
    std::vector<std::size_t> sizes;
    for (const auto& lease : work_.TakeReady("work", 10, 250'000, kMinute).value())
      sizes.push_back(lease.delivery.message.body.size());
    return sizes;
  };
  EXPECT_THAT(take(), testing::ElementsAre(4U, 100'000U, 100'000U));
  EXPECT_EQ(Count(*broker_, "work").ready, 1U) << "read, and not taken";
  EXPECT_THAT(take(), testing::ElementsAre(300'000U));
  EXPECT_THAT(take(), testing::IsEmpty());
}

TEST_F(EmbeddedLeases, WhatIsReadyIsWaitedForAndTakenByNobody) {
  const std::stop_token nobody;
  EXPECT_TRUE(work_.AwaitReady("work", 0ms, nobody).value());
  EXPECT_EQ(Count(*broker_, "work").ready, 1U);
  const auto lease = TakeOne();
  EXPECT_FALSE(work_.AwaitReady("work", 0ms, nobody).value());
  std::jthread other(
      [&] { EXPECT_TRUE(EmbeddedWorkQueue(Open()).Reject(lease.id, true).value()); });
  EXPECT_TRUE(work_.AwaitReady("work", kPatience, nobody).value());
  const auto missing = work_.AwaitReady("nowhere", kPatience, nobody);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, BrokerFault::kQueueMissing);
  EXPECT_EQ(work_.TakeReady("nowhere", 1, 1, kMinute).error().fault, BrokerFault::kQueueMissing);
}

TEST_F(EmbeddedLeases, AWaitEndsWithAStopOrWithItsQueue) {
  TakeOne();
  std::stop_source stop;
  std::jthread other([&] { stop.request_stop(); });
  EXPECT_FALSE(work_.AwaitReady("work", kPatience, stop.get_token()).value());
  EXPECT_FALSE(work_.AwaitReady("work", kPatience, stop.get_token()).value()) << "nor begins one";
  other.join();
  std::jthread deletes([&] { EXPECT_TRUE(broker_->DeleteQueue("work").value()); });
  const auto deleted = work_.AwaitReady("work", kPatience, {});
  ASSERT_FALSE(deleted);
  EXPECT_EQ(deleted.error().fault, BrokerFault::kQueueMissing);
}

TEST_F(EmbeddedLeases, AnotherTokenIsNoLease) {
  auto id = TakeOne().id;
  id.back() = id.back() == '0' ? '1' : '0';
  EXPECT_FALSE(work_.Acknowledge(id).value());
  EXPECT_EQ(Count(*broker_, "work").unacknowledged, 1U);
}

TEST_F(EmbeddedLeases, AConsumersMessageIsNobodysLease) {
  auto consumer = Subscribed(broker_, "work");
  ASSERT_EQ(Ready(*consumer).size(), 1U);
  for (const auto* id : {"1-1", "1-0", "1--1", "-1-1", "1-", "-", "0x1-0x1"}) {
    EXPECT_FALSE(work_.Acknowledge(id).value()) << id;
  }
}

TEST_F(EmbeddedLeases, WhatIsPutBackWasNeverTaken) {
  ASSERT_TRUE(broker_->DeclareQueue({.name = "few", .delivery_limit = 0}));
  Send(broker_, To("few", "first"));
  Send(broker_, To("few", "second"));
  for (int round = 0; round < 3; ++round) {
    const auto leases = work_.TakeReady("few", 2, 1'000'000, kMinute).value();
    ASSERT_EQ(leases.size(), 2U) << round;
    EXPECT_EQ(leases[0].delivery.message.body, "first");
    EXPECT_FALSE(leases[0].delivery.redelivered);
    EXPECT_EQ(leases[0].delivery.DeliveryCount(), 0U);
    const std::vector<std::string> ids = {leases[1].id, "1-1", "no lease", leases[0].id};
    EXPECT_TRUE(work_.PutBack(ids));
    EXPECT_EQ(Count(*broker_, "few").ready, 2U);
    EXPECT_FALSE(work_.Acknowledge(leases[0].id).value());
    EXPECT_TRUE(work_.PutBack(ids)) << "they are nobody's now";
  }
  // Another's lease is not touched, nor one that is over.
  const auto lease = TakeOne();
  auto other = lease.id;
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_TRUE(work_.PutBack(std::vector{other}));
  EXPECT_TRUE(work_.Extend(lease.id, kMinute).value());
  clock_.Advance(kMinute);
  EXPECT_TRUE(work_.PutBack(std::vector{lease.id}));
  ASSERT_TRUE(broker_->HandleDue());
  EXPECT_TRUE(TakeOne().delivery.redelivered) << "it was somebody's for a minute";
}

TEST_F(EmbeddedLeases, WhatCameBackBeforeAndIsPutBackStaysRedelivered) {
  EXPECT_TRUE(work_.Reject(TakeOne().id, true).value());
  EXPECT_TRUE(work_.PutBack(std::vector{TakeOne().id}));
  const auto again = TakeOne();
  EXPECT_TRUE(again.delivery.redelivered);
  EXPECT_EQ(again.delivery.DeliveryCount(), 1U);
}

}  // namespace
}  // namespace deadletter
