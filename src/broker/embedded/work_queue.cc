#include "broker/embedded/work_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "broker/embedded/deaths.h"
#include "broker/embedded/leasing.h"
#include "broker/embedded/sql.h"
#include "broker/embedded/tables.h"

namespace deadletter {

namespace {

using embedded::Tables;
using std::chrono::milliseconds;

constexpr embedded::CommitPoints kTake{"take.before", "take.after"};
constexpr embedded::CommitPoints kAnswer{"answer.before", "answer.after"};
constexpr std::size_t kMaxBytesATime = std::size_t{64} << 20;

// "<message>-<token>", both in hexadecimal.
struct LeaseId {
  embedded::MessageId message = 0;
  std::int64_t token = 0;
};

std::optional<std::int64_t> ReadHex(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc{} || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

std::optional<LeaseId> ReadLeaseId(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto message = ReadHex(text.substr(0, dash));
  const auto token = ReadHex(text.substr(dash + 1));
  if (!message || !token) return std::nullopt;
  return LeaseId{*message, *token};
}

milliseconds Bounded(milliseconds duration) {
  return std::clamp(duration, milliseconds(0), EmbeddedWorkQueue::kMaxLease);
}

BrokerError NoQueue(const std::string& queue) {
  return {BrokerFault::kQueueMissing, "no queue " + queue};
}

// Does `work` with the lease; false without doing anything where the id is none of ours.
template <class Work>
BrokerResult<bool> Answer(EmbeddedBroker& broker, const std::string& lease_id, Work work) {
  const auto lease = ReadLeaseId(lease_id);
  if (!lease) return false;
  bool ours = false;
  auto written = broker.Write(kAnswer, [&](Tables& tables) { ours = work(tables, *lease); });
  if (!written) return Unexpected<BrokerError>(written.error());
  return ours;
}

}  // namespace

BrokerResult<std::vector<Lease>> EmbeddedWorkQueue::Take(const std::string& queue, std::size_t max,
                                                         milliseconds duration, milliseconds wait) {
  const auto deadline = embedded::DeadlineAfter(wait);
  while (true) {
    const auto seen = broker_->changes();
    auto leases = TakeWithin(queue, {.max_messages = max, .max_bytes = kMaxBytesATime}, duration);
    if (!leases || !leases->empty()) return leases;
    if (!broker_->WaitForChange(seen, deadline, never_woken_)) return leases;
  }
}

BrokerResult<std::vector<Lease>> EmbeddedWorkQueue::TakeReady(const std::string& queue,
                                                              std::size_t max,
                                                              std::size_t max_bytes,
                                                              milliseconds duration) {
  return TakeWithin(queue, {.max_messages = max, .max_bytes = max_bytes, .most_bytes = max_bytes},
                    duration);
}

BrokerResult<std::vector<Lease>> EmbeddedWorkQueue::TakeWithin(const std::string& queue,
                                                               const embedded::TakeLimits& limits,
                                                               milliseconds duration) {
  std::optional<std::vector<Lease>> leases;
  auto written = broker_->Write(kTake, [&](Tables& tables) {
    const auto found = tables.FindQueue(queue);
    if (!found) return;
    const auto until = tables.now() + Bounded(duration);
    leases.emplace();
    for (auto& taken : embedded::Take(tables, *found, limits, {.owner = {}, .until = until}, {})) {
      leases->push_back(
          {fmt::format("{:x}-{:x}", taken.id, taken.token), std::move(taken.delivery), until});
    }
  });
  if (!written) return Unexpected<BrokerError>(written.error());
  if (!leases) return Unexpected<BrokerError>(NoQueue(queue));
  return std::move(*leases);
}

BrokerResult<bool> EmbeddedWorkQueue::AwaitReady(const std::string& queue, milliseconds wait,
                                                 const std::stop_token& stop) {
  const auto deadline = embedded::DeadlineAfter(wait);
  std::atomic<bool> stopped = false;
  const std::stop_callback wake(stop, [&] {
    stopped = true;
    broker_->Notify();
  });
  while (true) {
    const auto seen = broker_->changes();
    if (stopped) return false;
    std::optional<bool> ready;
    auto read = broker_->Write(embedded::kLook, [&](Tables& tables) {
      const auto found = tables.FindQueue(queue);
      if (!found) return;
      auto rows = tables.Prepare(embedded::sql::kHasReady);
      ready = rows.Bind(found->id, tables.now()).Next();
    });
    if (!read) return Unexpected<BrokerError>(read.error());
    if (!ready) return Unexpected<BrokerError>(NoQueue(queue));
    if (*ready) return true;
    if (!broker_->WaitForChange(seen, deadline, stopped)) return false;
  }
}

BrokerResult<void> EmbeddedWorkQueue::PutBack(std::span<const std::string> lease_ids) {
  return broker_->Write(kAnswer, [&](Tables& tables) {
    for (const std::string& lease_id : lease_ids) {
      if (const auto lease = ReadLeaseId(lease_id))
        embedded::PutBack(tables, lease->message, lease->token);
    }
  });
}

BrokerResult<std::optional<Delivery>> EmbeddedWorkQueue::Find(const std::string& lease_id) {
  std::optional<Delivery> delivery;
  const auto lease = ReadLeaseId(lease_id);
  if (!lease) return delivery;
  auto read = broker_->Write(embedded::kLook, [&](Tables& tables) {
    delivery = embedded::FindLeased(tables, lease->message, lease->token);
  });
  if (!read) return Unexpected<BrokerError>(read.error());
  return delivery;
}

BrokerResult<bool> EmbeddedWorkQueue::Acknowledge(const std::string& lease_id) {
  return Answer(*broker_, lease_id, [](Tables& tables, const LeaseId& lease) {
    return embedded::Acknowledge(tables, lease.message, lease.token);
  });
}

BrokerResult<bool> EmbeddedWorkQueue::Reject(const std::string& lease_id, bool requeue) {
  return Answer(*broker_, lease_id, [requeue](Tables& tables, const LeaseId& lease) {
    if (!embedded::IsLeased(tables, lease.message, lease.token)) return false;
    if (requeue) {
      embedded::Return(tables, lease.message, tables.now());
    } else {
      embedded::Bury(tables, lease.message, Reason::kRejected, tables.now());
    }
    return true;
  });
}

BrokerResult<bool> EmbeddedWorkQueue::Extend(const std::string& lease_id, milliseconds duration) {
  return Answer(*broker_, lease_id, [duration](Tables& tables, const LeaseId& lease) {
    return embedded::Extend(tables, lease.message, lease.token, tables.now() + Bounded(duration));
  });
}

}  // namespace deadletter
