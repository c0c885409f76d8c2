#include "broker/rabbitmq/broker_watch.h"

#include <boost/json.hpp>
#include <utility>

#include "broker/rabbitmq/management.h"

namespace deadletter::rabbitmq {
namespace {

constexpr std::chrono::seconds kManagementLimit{3};

std::vector<std::string> TagsIn(const boost::json::value& queue) {
  std::vector<std::string> tags;
  const auto* object = queue.if_object();
  const auto* consumers = object ? object->if_contains("consumer_details") : nullptr;
  if (!consumers || !consumers->is_array()) return tags;
  for (const auto& consumer : consumers->get_array()) {
    const auto* details = consumer.if_object();
    const auto* tag = details ? details->if_contains("consumer_tag") : nullptr;
    if (tag && tag->is_string()) tags.emplace_back(tag->get_string());
  }
  return tags;
}

}  // namespace

RabbitBrokerWatch::RabbitBrokerWatch(Options options) : options_(std::move(options)) {
  // Nothing is sent between two looks, however far apart they are; each look finds a dead
  // connection by itself.
  options_.heartbeat = std::chrono::seconds(0);
}

RabbitBrokerWatch::~RabbitBrokerWatch() {
  io_.Run([&] { Drop(); });
}

BrokerResult<void> RabbitBrokerWatch::Check() {
  return io_.Run([&]() -> BrokerResult<void> {
    if (auto connected = ConnectWhereNeeded(); !connected) return connected;
    const auto read = connection_->Next(milliseconds{0});
    if (read) return {};
    Drop();  // it died since the last look: is a new one to be had?
    return ConnectWhereNeeded();
  });
}

BrokerResult<std::optional<std::int64_t>> RabbitBrokerWatch::Waiting(const std::string& queue) {
  return io_.Run([&]() -> BrokerResult<std::optional<std::int64_t>> {
    if (auto connected = ConnectWhereNeeded(); !connected)
      return Unexpected<BrokerError>(connected.error());
    const auto found = connection_->FindQueue(queue);
    if (!found) {
      Drop();
      return Unexpected<BrokerError>(found.error());
    }
    if (!*found) return std::nullopt;
    return std::int64_t{(*found)->messages};
  });
}

BrokerResult<std::optional<std::vector<std::string>>> RabbitBrokerWatch::ConsumerTags(
    const std::string& queue) {
  if (options_.management_url.empty()) return std::nullopt;
  const auto management = Management::Make(options_, kManagementLimit);
  if (!management) return Unexpected<BrokerError>(management.error());
  const auto vhost = io_.Run([&]() -> BrokerResult<std::string> {
    if (auto connected = ConnectWhereNeeded(); !connected)
      return Unexpected<BrokerError>(connected.error());
    return connection_->endpoint().path;
  });
  if (!vhost) return Unexpected<BrokerError>(vhost.error());
  const auto reply =
      management->Call("GET", "/api/queues/" + PercentEncode(*vhost) + "/" + PercentEncode(queue));
  if (!reply) return Unexpected<BrokerError>(reply.error());
  if (reply->status == 200) return TagsIn(reply->body);
  if (reply->status == 404) return std::vector<std::string>{};
  return Unexpected<BrokerError>({BrokerFault::kRefused, "the management API answers " +
                                                             std::to_string(reply->status) +
                                                             " when asked for queue " + queue});
}

void RabbitBrokerWatch::Abort() {
  aborted_ = true;
  interrupter_.Interrupt();
}

BrokerResult<void> RabbitBrokerWatch::ConnectWhereNeeded() {
  if (connection_) return {};
  auto opened = Connection::Open(options_, Direction::kReceiving, interrupter_, 0,
                                 [this] { return aborted_.load(); });
  if (!opened) return Unexpected<BrokerError>(opened.error());
  connection_ = std::move(*opened);
  if (!aborted_) return {};
  Drop();
  return Unexpected<BrokerError>(
      {BrokerFault::kUnreachable, "stopping: nothing is asked any more"});
}

void RabbitBrokerWatch::Drop() {
  connection_.reset();  // may wait for the broker, and then must be interruptible
  interrupter_.Forget();
}

}  // namespace deadletter::rabbitmq
