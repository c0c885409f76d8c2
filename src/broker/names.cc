#include "broker/broker_error.h"
#include "broker/publisher.h"
#include "broker/topology.h"

namespace deadletter {

std::string_view BrokerFaultName(BrokerFault fault) {
  switch (fault) {
    case BrokerFault::kUnreachable:
      return "unreachable";
    case BrokerFault::kRefused:
      return "refused";
    case BrokerFault::kQueueMissing:
      return "queue_missing";
    case BrokerFault::kCancelled:
      return "cancelled";
    case BrokerFault::kChannelClosed:
      return "channel_closed";
    case BrokerFault::kBadData:
      return "bad_data";
    case BrokerFault::kUnreadable:
      return "unreadable";
  }
  return "unreachable";
}

std::string_view PublishOutcomeName(PublishOutcome outcome) {
  switch (outcome) {
    case PublishOutcome::kConfirmed:
      return "confirmed";
    case PublishOutcome::kUnroutable:
      return "unroutable";
    case PublishOutcome::kNoTarget:
      return "no_target";
    case PublishOutcome::kNacked:
      return "nacked";
    case PublishOutcome::kInDoubt:
      return "in_doubt";
    case PublishOutcome::kUnavailable:
      return "unavailable";
  }
  return "unavailable";
}

std::string_view FindingKindName(FindingKind kind) {
  switch (kind) {
    case FindingKind::kMissing:
      return "missing";
    case FindingKind::kLosesLetters:
      return "loses_letters";
    case FindingKind::kDiffers:
      return "differs";
    case FindingKind::kForeignConsumer:
      return "foreign_consumer";
    case FindingKind::kUnknown:
      return "unknown";
  }
  return "unknown";
}

}  // namespace deadletter
