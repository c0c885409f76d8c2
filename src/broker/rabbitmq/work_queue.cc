#include "broker/rabbitmq/work_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "broker/rabbitmq/assembler.h"

namespace deadletter::rabbitmq {

namespace {

using std::chrono::steady_clock;

constexpr milliseconds kBetweenLooks{20};  // basic.get cannot wait
constexpr amqp_channel_t kFirstChannel =
    10;  // beyond those with a purpose (kMainChannel, kAskChannel)

}  // namespace

RabbitWorkQueue::RabbitWorkQueue(Options options)
    : options_(std::move(options)), next_channel_(kFirstChannel) {
  // A worker that works calls nobody, and nobody would send its heartbeats.
  options_.heartbeat = std::chrono::seconds(0);
}

RabbitWorkQueue::~RabbitWorkQueue() {
  io_.Run([&] { Drop(); });
}

BrokerResult<std::vector<Lease>> RabbitWorkQueue::Take(const std::string& queue, std::size_t max,
                                                       milliseconds duration, milliseconds wait) {
  const auto deadline = steady_clock::now() + wait;
  std::vector<Lease> leases;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      const auto taken = io_.Run([&] { return TakeReady(queue, max, duration, leases); });
      if (!taken) return Unexpected<BrokerError>(taken.error());
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (!leases.empty() || left <= milliseconds{0}) return leases;
    std::this_thread::sleep_for(std::min(left, kBetweenLooks));
  }
}

BrokerResult<bool> RabbitWorkQueue::Acknowledge(const std::string& lease_id) {
  const std::lock_guard lock(mutex_);
  return io_.Run([&] { return Settle(lease_id, true, false); });
}

BrokerResult<bool> RabbitWorkQueue::Reject(const std::string& lease_id, bool requeue) {
  const std::lock_guard lock(mutex_);
  return io_.Run([&] { return Settle(lease_id, false, requeue); });
}

BrokerResult<bool> RabbitWorkQueue::Extend(const std::string&, milliseconds) {
  return false;
}

BrokerResult<void> RabbitWorkQueue::TakeReady(const std::string& queue, std::size_t max,
                                              milliseconds duration, std::vector<Lease>& leases) {
  TakeNews();
  auto channel = ChannelOf(queue);
  if (!channel) return Unexpected<BrokerError>(channel.error());
  while (leases.size() < max) {
    auto delivery = GetOne(queue, *channel);
    if (!delivery) return Unexpected<BrokerError>(delivery.error());
    if (!*delivery) return {};
    const auto number = (*delivery)->tag.number;
    auto id = fmt::format("{}-{}-{}", generation_, *channel, number);
    places_[id] = {queue, number};
    const auto until = (*delivery)->received_at + duration;
    leases.push_back({std::move(id), std::move(**delivery), until});
  }
  return {};
}

BrokerResult<amqp_channel_t> RabbitWorkQueue::ChannelOf(const std::string& queue) {
  if (!connection_) {
    auto opened = Connection::Open(options_, Direction::kReceiving);
    if (!opened) return Unexpected<BrokerError>(opened.error());
    connection_ = std::move(*opened);
    ++generation_;
  }
  if (const auto found = channels_.find(queue); found != channels_.end()) return found->second;
  const auto number = closed_channels_.empty() ? next_channel_++ : closed_channels_.back();
  if (!closed_channels_.empty()) closed_channels_.pop_back();
  if (auto opened = connection_->OpenChannel(number); !opened) {
    Drop();
    return Unexpected<BrokerError>(opened.error().error);
  }
  channels_[queue] = number;
  return number;
}

BrokerResult<std::optional<Delivery>> RabbitWorkQueue::GetOne(const std::string& queue,
                                                              amqp_channel_t channel) {
  const auto reply = amqp_basic_get(connection_->state(), channel, Bytes(queue), /*no_ack=*/0);
  if (auto answered = connection_->Answer(reply, channel, "taking from queue " + queue);
      !answered) {
    auto error = answered.error();
    if (!error.channel_closed) {
      Drop();
    } else {
      // Its leases are the broker's again, and its number may be opened anew.
      std::erase_if(places_, [&](const auto& place) { return place.second.queue == queue; });
      channels_.erase(queue);
      closed_channels_.push_back(channel);
    }
    return Unexpected<BrokerError>(std::move(error.error));
  }
  if (reply.reply.id != AMQP_BASIC_GET_OK_METHOD) return std::nullopt;
  Assembler assembler;
  assembler.BeginGot(*static_cast<const amqp_basic_get_ok_t*>(reply.reply.decoded));
  for (;;) {
    const auto frame = connection_->Next(kAnswerLimit);
    BrokerResult<std::optional<Assembled>> whole = std::nullopt;
    if (!frame) {
      whole = Unexpected<BrokerError>(frame.error());
    } else if (!*frame) {
      whole = Unexpected<BrokerError>(
          {BrokerFault::kUnreachable, "the broker stopped in the middle of a message"});
    } else {
      whole = assembler.Add(**frame);
      connection_->Release(channel);
    }
    if (!whole) {
      Drop();
      return Unexpected<BrokerError>(whole.error());
    }
    if (!*whole) continue;
    auto& message = **whole;
    return Delivery{.tag = {generation_, message.delivery_number},
                    .dead_letter_queue = queue,
                    .exchange = std::move(message.exchange),
                    .routing_key = std::move(message.routing_key),
                    .redelivered = message.redelivered,
                    .received_at = SystemClock().Now(),
                    .message = std::move(message.message)};
  }
}

BrokerResult<bool> RabbitWorkQueue::Settle(const std::string& lease_id, bool acknowledge,
                                           bool requeue) {
  TakeNews();
  const auto found = places_.find(lease_id);
  if (found == places_.end()) return false;
  const auto place = found->second;
  places_.erase(found);
  const auto number = channels_.at(place.queue);
  const int status =
      acknowledge ? amqp_basic_ack(connection_->state(), number, place.number, /*multiple=*/0)
                  : amqp_basic_reject(connection_->state(), number, place.number, requeue ? 1 : 0);
  if (status == AMQP_STATUS_OK) return true;
  auto error = connection_->Lost(status, "answering for a message of queue " + place.queue);
  Drop();
  return Unexpected<BrokerError>(std::move(error));
}

// Nothing is sent to us unasked but bad news.
void RabbitWorkQueue::TakeNews() {
  while (connection_) {
    const auto frame = connection_->Next(milliseconds{0});
    if (!frame) return Drop();
    if (!*frame) return;
    if ((*frame)->IsMethod(AMQP_CHANNEL_CLOSE_METHOD)) return Drop();
  }
}

void RabbitWorkQueue::Drop() {
  connection_.reset();
  channels_.clear();
  places_.clear();
  closed_channels_.clear();
  next_channel_ = kFirstChannel;
}

}  // namespace deadletter::rabbitmq
