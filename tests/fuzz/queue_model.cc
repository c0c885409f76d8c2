#include "tests/fuzz/queue_model.h"

#include <algorithm>

namespace deadletter::fuzz {

void QueueModel::Publish(std::size_t queue, int name,
                         std::optional<std::chrono::milliseconds> own_ttl) {
  ModelMessage message;
  message.name = name;
  Insert(std::move(message), queue, now_, own_ttl);
  BuryOverflow(now_);
}

void QueueModel::Insert(ModelMessage message, std::size_t queue, Instant at,
                        std::optional<std::chrono::milliseconds> own_ttl) {
  auto ttl = queues_[queue].spec.message_ttl;
  if (own_ttl) ttl = ttl ? std::min(*ttl, *own_ttl) : *own_ttl;
  message.queue = queue;
  message.place = ++last_place_;
  message.ready_at = at;
  message.expires_at = ttl ? std::optional(at + *ttl) : std::nullopt;
  message.returns = 0;
  message.delivered = false;
  message.leased = false;
  message.lease_until.reset();
  messages_.push_back(std::move(message));
}

std::vector<ModelMessage> QueueModel::Take(std::size_t queue, std::size_t max,
                                           std::optional<Instant> lease_until, int first_lease) {
  std::vector<ModelMessage> taken;
  for (ModelMessage& message : messages_) {
    if (taken.size() == max) break;
    if (message.queue != queue || message.leased) continue;
    taken.push_back(message);
    message.leased = true;
    message.delivered = true;
    message.lease_until = lease_until;
    message.lease = first_lease;
    if (lease_until) ++first_lease;
  }
  return taken;
}

QueueModel::Messages::iterator QueueModel::Leased(int lease) {
  return std::ranges::find_if(messages_, [&](const ModelMessage& message) {
    return message.leased && message.lease == lease;
  });
}

bool QueueModel::Acknowledge(int lease, int name) {
  const auto found = std::ranges::find_if(messages_, [&](const ModelMessage& message) {
    return message.leased && message.lease == lease && message.name == name;
  });
  if (found == messages_.end()) return false;
  messages_.erase(found);
  return true;
}

bool QueueModel::Reject(int lease, bool requeue) {
  const auto found = Leased(lease);
  if (found == messages_.end()) return false;
  if (requeue) {
    Return(found, now_);
  } else {
    Bury(found, Reason::kRejected, now_);
  }
  BuryOverflow(now_);
  return true;
}

bool QueueModel::Extend(int lease, Instant until) {
  const auto found = Leased(lease);
  if (found == messages_.end()) return false;
  found->lease_until = until;
  return true;
}

void QueueModel::ReturnAllOfConsumer(std::size_t queue) {
  // A message that dies on its return leaves its place: look again from the front.
  while (true) {
    const auto held = std::ranges::find_if(messages_, [&](const ModelMessage& message) {
      return message.queue == queue && message.leased && !message.lease_until;
    });
    if (held == messages_.end()) break;
    Return(held, now_);
  }
  BuryOverflow(now_);
}

void QueueModel::ReturnAllOfConsumers() {
  while (true) {
    const auto held = std::ranges::find_if(messages_, [](const ModelMessage& message) {
      return message.leased && !message.lease_until;
    });
    if (held == messages_.end()) break;
    Return(held, now_);
  }
  BuryOverflow(now_);
}

void QueueModel::Return(Messages::iterator message, Instant at) {
  message->leased = false;
  message->lease_until.reset();
  message->ready_at = at;
  ++message->returns;
  const auto& limit = queues_[message->queue].spec.delivery_limit;
  if (limit && message->returns > *limit) Bury(message, Reason::kDeliveryLimit, at);
}

void QueueModel::Bury(Messages::iterator message, Reason reason, Instant at) {
  ModelMessage dead = std::move(*message);
  messages_.erase(message);
  const auto target = queues_[dead.queue].dead_go_to;
  if (!target) return;
  ModelDeath death{dead.queue, reason, 1, at};
  const auto earlier = std::ranges::find_if(dead.deaths, [&](const ModelDeath& one) {
    return one.queue == death.queue && one.reason == reason;
  });
  if (earlier != dead.deaths.end()) {
    death.count = earlier->count + 1;
    death.first = earlier->first;
    dead.deaths.erase(earlier);
  }
  dead.deaths.insert(dead.deaths.begin(), death);
  Insert(std::move(dead), *target, at, std::nullopt);
}

// What dies of it may be too many where it goes: looked at again from the first queue on.
void QueueModel::BuryOverflow(Instant at) {
  std::size_t queue = 0;
  while (queue < queues_.size()) {
    const auto& most = queues_[queue].spec.max_length;
    if (!most || Count(queue).ready <= static_cast<std::size_t>(*most)) {
      ++queue;
      continue;
    }
    Bury(std::ranges::find_if(messages_,
                              [&](const ModelMessage& message) {
                                return message.queue == queue && !message.leased;
                              }),
         Reason::kMaxlen, at);
    queue = 0;
  }
}

void QueueModel::HandleDue() {
  while (HandleOneDue()) {
  }
}

bool QueueModel::HandleOneDue() {
  auto lease = messages_.end();
  auto expiry = messages_.end();
  for (auto one = messages_.begin(); one != messages_.end(); ++one) {
    if (one->leased) {
      const bool due = one->lease_until && *one->lease_until <= now_;
      if (due && (lease == messages_.end() || *one->lease_until < *lease->lease_until)) lease = one;
    } else {
      const bool due = one->expires_at && *one->expires_at <= now_;
      if (due && (expiry == messages_.end() || *one->expires_at < *expiry->expires_at))
        expiry = one;
    }
  }
  if (lease == messages_.end() && expiry == messages_.end()) return false;
  Instant at;
  const auto expires =
      expiry == messages_.end() ? at : std::max(*expiry->expires_at, expiry->ready_at);
  if (lease != messages_.end() && (expiry == messages_.end() || *lease->lease_until <= expires)) {
    at = *lease->lease_until;
    Return(lease, at);
  } else {
    at = expires;
    Bury(expiry, Reason::kExpired, at);
  }
  BuryOverflow(at);
  return true;
}

ModelCounts QueueModel::Count(std::size_t queue) const {
  ModelCounts counts;
  for (const ModelMessage& message : messages_) {
    if (message.queue == queue) ++(message.leased ? counts.unacknowledged : counts.ready);
  }
  return counts;
}

}  // namespace deadletter::fuzz
