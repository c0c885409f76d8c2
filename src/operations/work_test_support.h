// For tests: queues in memory whose leases last, by a clock that a test moves; they fail on demand.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "operations/ledger_test_support.h"
#include "operations/work.h"

namespace deadletter::test {

// Stands still until it is moved. Safe from any thread.
class StandingClock final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override { return Instant(Microseconds(now_.load())); }
  void Advance(Microseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ = 1'700'000'000'000'000;
};

// Shared by whoever looks and by the port that Work owns. Safe from any thread.
class FakeQueues {
 public:
  explicit FakeQueues(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

  void Declare(const std::string& queue) {
    const std::scoped_lock lock(mutex_);
    queues_[queue];
  }
  void Send(const std::string& queue, const std::string& body) {
    const std::scoped_lock lock(mutex_);
    Stored stored;
    stored.delivery.dead_letter_queue = queue;
    stored.delivery.routing_key = queue;
    stored.delivery.message.body = body;
    queues_[queue].push_back(std::move(stored));
    changed_.notify_all();
  }
  // Of `queue`: what is nobody's now, and what was rejected for good.
  [[nodiscard]] std::size_t Ready(const std::string& queue) {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(
        queues_[queue], [this](const Stored& stored) { return !IsLeased(stored); }));
  }
  [[nodiscard]] std::vector<std::string> Dead() {
    const std::scoped_lock lock(mutex_);
    return dead_;
  }
  [[nodiscard]] std::size_t Size(const std::string& queue) {
    const std::scoped_lock lock(mutex_);
    return queues_[queue].size();
  }
  // Every call fails so from now on; nothing: none does.
  void Fail(std::optional<BrokerError> error) {
    const std::scoped_lock lock(mutex_);
    error_ = std::move(error);
    changed_.notify_all();
  }
  // Called before the next acknowledgement is looked at.
  void BeforeAcknowledging(std::function<void()> act) { before_acknowledging_ = std::move(act); }
  // Until so many wait for messages.
  void WaitForWaiters(std::size_t wanted) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ == wanted; });
  }

 private:
  friend class FakeLastingQueue;

  struct Stored {
    Delivery delivery;
    std::string lease;
    Instant until{};
  };

  [[nodiscard]] bool IsLeased(const Stored& stored) const {
    return !stored.lease.empty() && stored.until > clock_->Now();
  }
  [[nodiscard]] std::list<Stored>::iterator FirstReady(std::list<Stored>& queue) const {
    return std::ranges::find_if(queue, [this](const Stored& one) { return !IsLeased(one); });
  }
  // Does `act` with the list and the place of what is leased so. False: nothing is.
  template <class Act>
  bool WithLease(const std::string& id, Act act) {
    for (auto& [name, queue] : queues_) {
      const auto found = std::ranges::find_if(
          queue, [&](const Stored& one) { return one.lease == id && IsLeased(one); });
      if (found == queue.end()) continue;
      act(queue, found);
      return true;
    }
    return false;
  }

  const std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::list<Stored>> queues_;
  std::vector<std::string> dead_;
  std::optional<BrokerError> error_;
  std::size_t waiting_ = 0;
  std::int64_t last_lease_ = 0;
  std::function<void()> before_acknowledging_;
};

class FakeLastingQueue final : public LastingWorkQueue {
 public:
  using Ms = std::chrono::milliseconds;

  explicit FakeLastingQueue(std::shared_ptr<FakeQueues> queues) : queues_(std::move(queues)) {}

  BrokerResult<std::vector<Lease>> Take(const std::string&, std::size_t, Ms, Ms) override {
    return Unexpected<BrokerError>({BrokerFault::kRefused, "nobody takes so here"});
  }
  BrokerResult<std::vector<Lease>> TakeReady(const std::string& queue, std::size_t max,
                                             std::size_t max_bytes, Ms duration) override {
    const std::scoped_lock lock(queues_->mutex_);
    if (const auto problem = ProblemWith(queue)) return Unexpected<BrokerError>(*problem);
    std::vector<Lease> leases;
    std::size_t bytes = 0;
    auto& messages = queues_->queues_[queue];
    while (leases.size() < max) {
      const auto first = queues_->FirstReady(messages);
      if (first == messages.end()) break;
      const std::size_t size = first->delivery.message.body.size();
      if (!leases.empty() && bytes + size > max_bytes) break;
      bytes += size;
      const bool again = !first->lease.empty();
      first->delivery.redelivered = first->delivery.redelivered || again;
      first->lease = fmt::format("{:x}-{:x}", ++queues_->last_lease_, 0xabcdef);
      first->until = queues_->clock_->Now() + duration;
      leases.push_back({first->lease, first->delivery, first->until});
    }
    return leases;
  }
  BrokerResult<bool> AwaitReady(const std::string& queue, Ms wait,
                                const std::stop_token& stop) override {
    std::atomic<bool> stopped = false;
    const std::stop_callback wake(stop, [&] {
      const std::scoped_lock lock(queues_->mutex_);
      stopped = true;
      queues_->changed_.notify_all();
    });
    std::unique_lock lock(queues_->mutex_);
    const auto is_over = [&] {
      auto& messages = queues_->queues_[queue];
      return stopped || queues_->FirstReady(messages) != messages.end() || queues_->error_;
    };
    if (const auto problem = ProblemWith(queue)) return Unexpected<BrokerError>(*problem);
    ++queues_->waiting_;
    queues_->changed_.notify_all();
    queues_->changed_.wait_for(lock, wait, is_over);
    --queues_->waiting_;
    queues_->changed_.notify_all();
    if (const auto problem = ProblemWith(queue)) return Unexpected<BrokerError>(*problem);
    auto& messages = queues_->queues_[queue];
    return !stopped && queues_->FirstReady(messages) != messages.end();
  }
  BrokerResult<std::optional<Delivery>> Find(const std::string& lease_id) override {
    const std::scoped_lock lock(queues_->mutex_);
    if (queues_->error_) return Unexpected<BrokerError>(*queues_->error_);
    std::optional<Delivery> delivery;
    queues_->WithLease(lease_id, [&](auto&, auto found) { delivery = found->delivery; });
    return delivery;
  }
  BrokerResult<bool> Acknowledge(const std::string& lease_id) override {
    if (auto act = std::exchange(queues_->before_acknowledging_, nullptr)) act();
    return Answer(lease_id, [](auto& queue, auto found) { queue.erase(found); });
  }
  BrokerResult<void> PutBack(std::span<const std::string> lease_ids) override {
    const std::scoped_lock lock(queues_->mutex_);
    if (queues_->error_) return Unexpected<BrokerError>(*queues_->error_);
    for (const std::string& id : lease_ids)
      queues_->WithLease(id, [](auto&, auto found) { found->lease.clear(); });
    queues_->changed_.notify_all();
    return {};
  }
  BrokerResult<bool> Reject(const std::string& lease_id, bool requeue) override {
    return Answer(lease_id, [&](auto& queue, auto found) {
      if (requeue) {
        found->until = {};
        return;
      }
      queues_->dead_.push_back(found->delivery.message.body);
      queue.erase(found);
    });
  }
  BrokerResult<bool> Extend(const std::string& lease_id, Ms duration) override {
    return Answer(lease_id,
                  [&](auto&, auto found) { found->until = queues_->clock_->Now() + duration; });
  }
  [[nodiscard]] WorkQueueCapabilities capabilities() const override { return {.can_extend = true}; }

 private:
  template <class Act>
  BrokerResult<bool> Answer(const std::string& lease_id, Act act) {
    const std::scoped_lock lock(queues_->mutex_);
    if (queues_->error_) return Unexpected<BrokerError>(*queues_->error_);
    const bool ours = queues_->WithLease(lease_id, act);
    queues_->changed_.notify_all();
    return ours;
  }
  [[nodiscard]] std::optional<BrokerError> ProblemWith(const std::string& queue) const {
    if (queues_->error_) return queues_->error_;
    if (queues_->queues_.contains(queue)) return std::nullopt;
    return BrokerError{BrokerFault::kQueueMissing, "no queue " + queue};
  }

  const std::shared_ptr<FakeQueues> queues_;
};

// Ports over both fakes.
inline WorkPorts WorkPortsOver(const std::shared_ptr<FakeQueues>& queues,
                               const std::shared_ptr<FakeLedger>& ledger) {
  return {.queue = std::make_unique<FakeLastingQueue>(queues),
          .executions = std::make_unique<FakeExecutions>(ledger),
          .audit = std::make_unique<FakeAudit>(ledger)};
}

// What a worker is sent about that execution.
inline std::string RequestFor(const std::string& execution_id_json,
                              const std::string& more_payload = "") {
  return R"({"message_id":"d2da10c9-c82f-40aa-be8b-f00c6e7edd30","message_type":"ExecutionRequested",)"
         R"("payload":{"execution_id":)" +
         execution_id_json + more_payload + "}}";
}

}  // namespace deadletter::test
