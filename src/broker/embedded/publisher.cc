#include "broker/embedded/publisher.h"

#include "base/fault_point.h"
#include "broker/embedded/dead_lettering.h"
#include "broker/embedded/routing.h"
#include "broker/embedded/stored_message.h"
#include "broker/embedded/tables.h"
#include "letter/field_json.h"

namespace deadletter {

namespace {

using embedded::Tables;

constexpr embedded::CommitPoints kPublish{"confirm.before", "confirm.after"};

void Store(Tables& tables, const std::set<embedded::QueueId>& queues,
           const OutgoingMessage& outgoing) {
  auto headers = outgoing.message.headers;
  std::erase_if(headers.entries, [](const auto& entry) { return entry.name == "BCC"; });
  const auto headers_json = FieldTableToJson(headers);
  const auto properties_json = PropertiesToJson(outgoing.message.properties);
  const auto ttl = embedded::OwnTtl(outgoing.message.properties);
  for (const auto id : queues) {
    const auto queue = tables.GetQueue(id);
    if (!queue) continue;
    const auto body = tables.InsertBody(outgoing.message.body);
    tables.InsertMessage(*queue, outgoing.address, properties_json, headers_json, body,
                         tables.now(), ttl);
  }
}

PublishResult PublishOne(Tables& tables, const OutgoingMessage& outgoing) {
  const auto& [address, message] = outgoing;
  if (!embedded::HasUsableExpiration(message.properties)) {
    return {PublishOutcome::kNacked, "the expiration is no number of milliseconds", true};
  }
  if (message.body.size() > EmbeddedPublisher::kMaxMessageBytes) {
    return {PublishOutcome::kNacked, "larger than the embedded queue takes (512 MiB)", true};
  }
  const auto keys = embedded::RoutingKeys(address.routing_key, message.headers);
  const auto route = embedded::FindRoute(tables, address.exchange, keys);
  if (!route.exchange_exists) return {PublishOutcome::kNoTarget, "no exchange " + address.exchange};
  if (route.queues.empty()) {
    return {PublishOutcome::kUnroutable, "no queue wants routing key " + address.routing_key +
                                             " of exchange " + address.exchange};
  }
  Store(tables, route.queues, outgoing);
  return {PublishOutcome::kConfirmed, ""};
}

}  // namespace

std::vector<PublishResult> EmbeddedPublisher::Publish(std::span<const OutgoingMessage> messages) {
  std::vector<PublishResult> results(messages.size(), {PublishOutcome::kUnavailable, "stopped"});
  if (messages.empty() || aborted_) return results;
  auto written = broker_->Write(kPublish, [&](Tables& tables) {
    fault::Hit("publish.before");
    for (std::size_t i = 0; i < messages.size(); ++i) results[i] = PublishOne(tables, messages[i]);
    fault::Hit("publish.after");
  });
  if (written) return results;
  return std::vector<PublishResult>(messages.size(),
                                    {PublishOutcome::kUnavailable, written.error().message});
}

BrokerResult<bool> EmbeddedPublisher::ExchangeExists(const std::string& exchange) {
  if (exchange.empty()) return true;
  bool exists = false;
  auto read = broker_->Write(
      embedded::kLook, [&](Tables& tables) { exists = tables.FindExchange(exchange).has_value(); });
  if (!read) return Unexpected<BrokerError>(read.error());
  return exists;
}

}  // namespace deadletter
