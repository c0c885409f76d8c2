#include "broker/embedded/consumer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "broker/embedded/leasing.h"
#include "broker/embedded/sql.h"
#include "broker/embedded/tables.h"

namespace deadletter {

namespace {

using embedded::Tables;
namespace sql = embedded::sql;

constexpr embedded::CommitPoints kSubscribe{"subscribe.before", "subscribe.after"};
constexpr embedded::CommitPoints kReceive{"lease.before", "lease.after"};
constexpr embedded::CommitPoints kAcknowledge{"acknowledge.before", "acknowledge.after"};

BrokerError OpenedAgain() {
  return {BrokerFault::kUnreachable, "the queue file was opened again; subscriptions begin anew"};
}

}  // namespace

EmbeddedConsumer::EmbeddedConsumer(std::shared_ptr<EmbeddedBroker> broker, std::string queue,
                                   std::string consumer_tag)
    : broker_(std::move(broker)),
      queue_(std::move(queue)),
      consumer_tag_(std::move(consumer_tag)) {}

EmbeddedConsumer::~EmbeddedConsumer() {
  Close();
}

BrokerResult<void> EmbeddedConsumer::Subscribe(std::size_t prefetch) {
  if (aborted_) return Lost({BrokerFault::kUnreachable, "stopping: nothing is consumed any more"});
  const bool anew = state_ == State::kClosed;
  const auto token = anew ? embedded::NewToken() : token_;
  std::int64_t id = 0;
  std::uint64_t opening = 0;
  auto written = broker_->Write(kSubscribe, [&](Tables& tables) {
    opening = broker_->opening();
    const auto queue = tables.FindQueue(queue_);
    if (!queue) return;
    id = queue->id;
    tables.Run(sql::kInsertSubscriber, token, broker_->owner(), id, consumer_tag_);
  });
  if (!written) return Lost(written.error());
  if (id == 0) return Lost({BrokerFault::kQueueMissing, "no queue " + queue_});
  if (!anew && opening != opening_) return Lost(OpenedAgain());
  if (!anew && id != queue_id_)
    return Lost({BrokerFault::kCancelled, "queue " + queue_ + " was made anew"});
  if (anew) ++generation_;
  state_ = State::kSubscribed;
  token_ = token;
  queue_id_ = id;
  opening_ = opening;
  prefetch_ = prefetch;
  return {};
}

BrokerResult<std::vector<Delivery>> EmbeddedConsumer::Receive(const ReceiveLimits& limits) {
  if (state_ == State::kClosed) return NotSubscribed();
  const auto deadline = embedded::DeadlineAfter(limits.wait);
  while (true) {
    const auto seen = broker_->changes();
    if (aborted_)
      return Lost({BrokerFault::kUnreachable, "stopping: nothing is consumed any more"});
    if (woken_.exchange(false)) return std::vector<Delivery>{};
    if (state_ == State::kSubscribed) {
      auto letters = TakeReady(limits);
      if (!letters || !letters->empty()) return letters;
    }
    if (!broker_->WaitForChange(seen, deadline, woken_)) return std::vector<Delivery>{};
  }
}

BrokerResult<std::vector<Delivery>> EmbeddedConsumer::TakeReady(const ReceiveLimits& limits) {
  const auto most = std::min(limits.max_letters, Room());
  std::vector<embedded::Taken> taken;
  bool there = false;
  bool same_file = false;
  auto written = broker_->Write(kReceive, [&](Tables& tables) {
    same_file = broker_->opening() == opening_;
    if (!same_file) return;
    const auto queue = tables.GetQueue(queue_id_);
    if (!queue) return;
    there = true;
    if (most == 0) return;
    taken = embedded::Take(tables, *queue, {most, limits.max_bytes},
                           {.owner = broker_->owner(), .until = {}}, token_);
  });
  if (!written) return Lost(written.error());
  if (!same_file) return Lost(OpenedAgain());
  if (!there) return Lost({BrokerFault::kCancelled, "queue " + queue_ + " was deleted"});
  std::vector<Delivery> letters;
  letters.reserve(taken.size());
  for (auto& one : taken) {
    one.delivery.tag = {generation_, ++last_number_};
    in_hand_.push_back({last_number_, one.id});
    letters.push_back(std::move(one.delivery));
  }
  return letters;
}

BrokerResult<void> EmbeddedConsumer::KeepAlive(std::chrono::milliseconds wait) {
  if (state_ == State::kClosed) return NotSubscribed();
  const auto deadline = embedded::DeadlineAfter(wait);
  while (!woken_.exchange(false) && broker_->WaitForChange(broker_->changes(), deadline, woken_)) {
  }
  return {};
}

BrokerResult<void> EmbeddedConsumer::AcknowledgeUpTo(DeliveryTag tag) {
  if (state_ == State::kClosed || tag.generation != generation_) return {};
  const auto end = std::find_if(in_hand_.begin(), in_hand_.end(),
                                [&](const InHand& one) { return one.number > tag.number; });
  if (end == in_hand_.begin()) return {};
  auto written = broker_->Write(kAcknowledge, [&](Tables& tables) {
    std::for_each(in_hand_.begin(), end, [&](const InHand& one) {
      // False where the queue was deleted: then the message is gone all the same.
      static_cast<void>(embedded::Acknowledge(tables, one.message, token_));
    });
  });
  if (!written) return Lost(written.error());
  in_hand_.erase(in_hand_.begin(), end);
  return {};
}

BrokerResult<void> EmbeddedConsumer::Cancel() {
  if (state_ != State::kSubscribed) return {};
  auto written = broker_->Write(
      kSubscribe, [&](Tables& tables) { tables.Run(sql::kDeleteSubscriber, token_); });
  if (!written) return Lost(written.error());
  state_ = State::kCancelled;
  return {};
}

void EmbeddedConsumer::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  in_hand_.clear();
  broker_->ReturnAll(token_);
}

// A call in progress waits for nothing but the file, and for that not long (busy_timeout).
void EmbeddedConsumer::Abort() {
  aborted_ = true;
  Wake();
}

void EmbeddedConsumer::Wake() {
  woken_ = true;
  broker_->Notify();
}

std::size_t EmbeddedConsumer::Room() const {
  if (prefetch_ == 0) return std::numeric_limits<std::size_t>::max();
  return prefetch_ > in_hand_.size() ? prefetch_ - in_hand_.size() : 0;
}

Unexpected<BrokerError> EmbeddedConsumer::NotSubscribed() const {
  return Unexpected<BrokerError>({BrokerFault::kChannelClosed, "not subscribed to " + queue_});
}

Unexpected<BrokerError> EmbeddedConsumer::Lost(BrokerError error) {
  Close();
  return Unexpected<BrokerError>(std::move(error));
}

}  // namespace deadletter
