#include "broker/embedded/broker_watch.h"

#include "broker/embedded/sql.h"
#include "broker/embedded/tables.h"

namespace deadletter {
namespace {

Unexpected<BrokerError> Stopping() {
  return Unexpected<BrokerError>(
      {BrokerFault::kUnreachable, "stopping: nothing is asked any more"});
}

}  // namespace

BrokerResult<void> EmbeddedBrokerWatch::Check() {
  if (aborted_) return Stopping();
  return broker_->KeeperHealth();
}

BrokerResult<std::optional<std::int64_t>> EmbeddedBrokerWatch::Waiting(const std::string& queue) {
  if (aborted_) return Stopping();
  const auto counts = broker_->Count(queue);
  if (counts) return static_cast<std::int64_t>(counts->ready);
  if (counts.error().fault == BrokerFault::kQueueMissing) return std::nullopt;
  return Unexpected<BrokerError>(counts.error());
}

BrokerResult<std::optional<std::vector<std::string>>> EmbeddedBrokerWatch::ConsumerTags(
    const std::string& queue) {
  if (aborted_) return Stopping();
  std::vector<std::string> tags;
  const auto read = broker_->Write(embedded::kLook, [&](embedded::Tables& tables) {
    const auto found = tables.FindQueue(queue);
    if (!found) return;
    auto rows = tables.Prepare(embedded::sql::kSubscriberTags);
    rows.Bind(found->id);
    while (rows.Next()) tags.push_back(rows.Text(0));
  });
  if (!read) return Unexpected<BrokerError>(read.error());
  return tags;
}

}  // namespace deadletter
