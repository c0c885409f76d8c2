#include "broker/embedded/work_queue.h"

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

}  // namespace
}  // namespace deadletter
