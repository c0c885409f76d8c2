// For tests of the inbox's own decisions: a queue in memory that notes every call. What a real
// broker does is shown by the conformance suite and the system tests.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/consumer.h"

namespace deadletter::test {

// Outlives the consumer that reads it. Safe from any thread.
class ScriptedQueue {
 public:
  void Push(const std::string& body, std::uint64_t deliveries_before = 0) {
    const std::lock_guard lock(mutex_);
    ready_.push_back({.body = body, .deliveries_before = deliveries_before});
    changed_.notify_all();
  }

  // The broker has sent it already: it comes also after the subscription was cancelled.
  void PushOnItsWay(const std::string& body) {
    const std::lock_guard lock(mutex_);
    ready_.push_back({.body = body, .on_its_way = true});
    changed_.notify_all();
  }

  // With a count of deliveries that is not the broker's.
  void PushForged(const std::string& body, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    ready_.push_back({.body = body, .deliveries_before = count, .is_forged = true});
    changed_.notify_all();
  }

  // Whenever it is to be delivered, the channel breaks instead, and that counts as a delivery.
  void PushUnreadable(const std::string& body) {
    const std::lock_guard lock(mutex_);
    ready_.push_back({.body = body, .unreadable = true});
    changed_.notify_all();
  }
  void TakeOutFirst() {
    const std::lock_guard lock(mutex_);
    ready_.pop_front();
  }

  // Waits until that call ("subscribe 1", "ack 3", "close", …) has been noted after the first
  // `from` ones; false after 10 s.
  [[nodiscard]] bool WaitForCall(const std::string& call, std::size_t from = 0) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      const auto begin =
          calls_.begin() + static_cast<std::ptrdiff_t>(std::min(from, calls_.size()));
      return std::find(begin, calls_.end(), call) != calls_.end();
    });
  }
  // Waits until that letter was acknowledged; false after 10 s.
  [[nodiscard]] bool WaitForAcknowledged(const std::string& body) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      return std::ranges::find(acknowledged_, body) != acknowledged_.end();
    });
  }
  [[nodiscard]] std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  [[nodiscard]] std::size_t ready() {
    const std::lock_guard lock(mutex_);
    return ready_.size();
  }
  [[nodiscard]] std::vector<std::string> acknowledged() {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }
  // The next Receive() fails so, once.
  void LoseConnection() { Break(BrokerFault::kUnreachable); }
  // The next AcknowledgeUpTo() fails so, once.
  void LoseConnectionAtAcknowledgement() {
    const std::lock_guard lock(mutex_);
    loses_acknowledgement_ = true;
  }
  // As LoseConnection(), and what was delivered does not come again.
  void Delete() { Break(BrokerFault::kCancelled, Given::kIsGone); }
  // The same, but that only KeepAlive() tells of it.
  void DeleteUnseen() {
    const std::lock_guard lock(mutex_);
    is_deleted_unseen_ = true;
    given_ = Given::kIsGone;
  }

 private:
  friend class ScriptedConsumer;

  // What becomes of letters that were given and not acknowledged.
  enum class Given { kComesAgain, kIsGone };

  void Break(BrokerFault fault, Given given = Given::kComesAgain) {
    const std::lock_guard lock(mutex_);
    fault_ = fault;
    given_ = given;
    changed_.notify_all();
  }

  struct Item {
    std::string body;
    std::uint64_t deliveries_before = 0;
    bool on_its_way = false;
    bool is_forged = false;
    bool unreadable = false;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> ready_;
  std::vector<std::string> calls_;
  std::vector<std::string> acknowledged_;
  std::optional<BrokerFault> fault_;
  bool loses_acknowledgement_ = false;
  bool is_deleted_unseen_ = false;
  Given given_ = Given::kComesAgain;
};

class ScriptedConsumer final : public Consumer {
 public:
  explicit ScriptedConsumer(ScriptedQueue& queue) : queue_(queue) {}

  BrokerResult<void> Subscribe(std::size_t prefetch) override {
    const std::lock_guard lock(queue_.mutex_);
    if (prefetch_ == 0) ++generation_;
    prefetch_ = prefetch;
    cancelled_ = false;
    Note("subscribe " + std::to_string(prefetch));
    return {};
  }

  BrokerResult<std::vector<Delivery>> Receive(const ReceiveLimits& limits) override {
    std::unique_lock lock(queue_.mutex_);
    queue_.changed_.wait_for(lock, limits.wait,
                             [&] { return woken_ || queue_.fault_ || CanDeliver(); });
    woken_ = false;
    if (const auto fault = std::exchange(queue_.fault_, {})) {
      if (*fault == BrokerFault::kCancelled) in_hand_.clear();
      return Unexpected<BrokerError>(BrokerError{*fault, "scripted"});
    }
    std::vector<Delivery> deliveries;
    std::size_t bytes = 0;
    if (CanDeliver() && queue_.ready_.front().unreadable) {
      Note("break at " + queue_.ready_.front().body);
      return Unexpected<BrokerError>(BrokerError{BrokerFault::kUnreadable, "scripted"});
    }
    while (CanDeliver() && !queue_.ready_.front().unreadable &&
           deliveries.size() < limits.max_letters &&
           (deliveries.empty() || bytes < limits.max_bytes)) {
      const auto item = queue_.ready_.front();
      queue_.ready_.pop_front();
      in_hand_.push_back(item);
      Delivery delivery;
      delivery.tag = {generation_, ++last_number_};
      delivery.dead_letter_queue = name_;
      delivery.message.body = item.body;
      delivery.redelivered = item.deliveries_before > 0 && !item.is_forged;
      if (item.deliveries_before > 0) {
        delivery.message.headers.entries = {
            {"x-delivery-count", {static_cast<std::int64_t>(item.deliveries_before)}}};
      }
      bytes += delivery.BufferedBytes();
      deliveries.push_back(std::move(delivery));
      Note("deliver " + item.body);
    }
    return deliveries;
  }

  BrokerResult<void> KeepAlive(std::chrono::milliseconds wait) override {
    std::unique_lock lock(queue_.mutex_);
    Note("keep alive");
    if (std::exchange(queue_.is_deleted_unseen_, false)) {
      in_hand_.clear();
      return Unexpected<BrokerError>(BrokerError{BrokerFault::kCancelled, "scripted"});
    }
    queue_.changed_.wait_for(lock, wait, [&] { return woken_; });
    woken_ = false;
    return {};
  }

  BrokerResult<void> AcknowledgeUpTo(DeliveryTag tag) override {
    const std::lock_guard lock(queue_.mutex_);
    if (tag.generation != generation_) return {};
    if (std::exchange(queue_.loses_acknowledgement_, false))
      return Unexpected<BrokerError>(BrokerError{BrokerFault::kUnreachable, "scripted"});
    for (; acknowledged_number_ < tag.number; ++acknowledged_number_) {
      queue_.acknowledged_.push_back(in_hand_.front().body);
      in_hand_.pop_front();
    }
    Note("ack " + std::to_string(tag.number));
    return {};
  }

  BrokerResult<void> Cancel() override {
    const std::lock_guard lock(queue_.mutex_);
    cancelled_ = true;
    Note("cancel");
    return {};
  }

  void Close() override {
    const std::lock_guard lock(queue_.mutex_);
    if (std::exchange(queue_.given_, ScriptedQueue::Given::kComesAgain) ==
        ScriptedQueue::Given::kIsGone)
      in_hand_.clear();
    while (!in_hand_.empty()) {
      in_hand_.back().deliveries_before += 1;
      queue_.ready_.push_front(in_hand_.back());
      in_hand_.pop_back();
    }
    prefetch_ = 0;
    cancelled_ = false;
    last_number_ = acknowledged_number_ = 0;
    Note("close");
  }

  void Wake() override {
    const std::lock_guard lock(queue_.mutex_);
    woken_ = true;
    queue_.changed_.notify_all();
  }

  void Abort() override { Wake(); }

  const std::string& queue() const override { return name_; }

 private:
  bool CanDeliver() const {
    if (queue_.ready_.empty()) return false;
    return queue_.ready_.front().on_its_way || (!cancelled_ && in_hand_.size() < prefetch_);
  }
  void Note(const std::string& call) {
    queue_.calls_.push_back(call);
    queue_.changed_.notify_all();
  }

  ScriptedQueue& queue_;
  const std::string name_ = "dlq";
  std::size_t prefetch_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t acknowledged_number_ = 0;
  std::deque<ScriptedQueue::Item> in_hand_;
  bool woken_ = false;
  bool cancelled_ = false;
};

}  // namespace deadletter::test
