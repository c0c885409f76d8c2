#include <gtest/gtest.h>

#include <set>

#include "broker/broker_error.h"
#include "broker/publisher.h"
#include "broker/topology.h"

namespace deadletter {
namespace {

TEST(BrokerNames, AreWhatMetricsAndLogsRelyOn) {
  EXPECT_EQ(BrokerFaultName(BrokerFault::kUnreachable), "unreachable");
  EXPECT_EQ(BrokerFaultName(BrokerFault::kRefused), "refused");
  EXPECT_EQ(BrokerFaultName(BrokerFault::kQueueMissing), "queue_missing");
  EXPECT_EQ(BrokerFaultName(BrokerFault::kCancelled), "cancelled");
  EXPECT_EQ(BrokerFaultName(BrokerFault::kChannelClosed), "channel_closed");
  EXPECT_EQ(BrokerFaultName(BrokerFault::kBadData), "bad_data");
  EXPECT_EQ(BrokerFaultName(BrokerFault::kUnreadable), "unreadable");
  EXPECT_EQ(PublishOutcomeName(PublishOutcome::kConfirmed), "confirmed");
  EXPECT_EQ(PublishOutcomeName(PublishOutcome::kUnroutable), "unroutable");
  EXPECT_EQ(PublishOutcomeName(PublishOutcome::kNoTarget), "no_target");
  EXPECT_EQ(PublishOutcomeName(PublishOutcome::kNacked), "nacked");
  EXPECT_EQ(PublishOutcomeName(PublishOutcome::kInDoubt), "in_doubt");
  EXPECT_EQ(PublishOutcomeName(PublishOutcome::kUnavailable), "unavailable");
  EXPECT_EQ(FindingKindName(FindingKind::kMissing), "missing");
  EXPECT_EQ(FindingKindName(FindingKind::kLosesLetters), "loses_letters");
  EXPECT_EQ(FindingKindName(FindingKind::kDiffers), "differs");
  EXPECT_EQ(FindingKindName(FindingKind::kForeignConsumer), "foreign_consumer");
  EXPECT_EQ(FindingKindName(FindingKind::kUnknown), "unknown");
}

TEST(TopologyPlan, NamesAWorkersQueueAndKey) {
  TopologyPlan plan;
  EXPECT_EQ(plan.WorkerQueueName("7"), "worker.7.executions");
  EXPECT_EQ(TopologyPlan::DispatchKey("7"), "execution.dispatch.worker.7");
  plan.worker_queue = "{id}/{id}";
  EXPECT_EQ(plan.WorkerQueueName("{id}"), "{id}/{id}");
  plan.worker_queue = "one for all";
  EXPECT_EQ(plan.WorkerQueueName("7"), "one for all");
}

}  // namespace
}  // namespace deadletter
