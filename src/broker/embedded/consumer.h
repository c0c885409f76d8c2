// The Consumer port over the embedded queue file.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "broker/consumer.h"
#include "broker/embedded/broker.h"

namespace deadletter {

// What it holds stays its own while its broker is open, without any time limit; when the process
// dies, others see so at their next look (owner_lock.h) and the messages go back. A prefetch of 0
// is no limit. An error of the file ends the subscription like a lost channel.
class EmbeddedConsumer final : public Consumer {
 public:
  EmbeddedConsumer(std::shared_ptr<EmbeddedBroker> broker, std::string queue,
                   std::string consumer_tag);
  ~EmbeddedConsumer() override;

  [[nodiscard]] BrokerResult<void> Subscribe(std::size_t prefetch) override;
  [[nodiscard]] BrokerResult<std::vector<Delivery>> Receive(const ReceiveLimits& limits) override;
  [[nodiscard]] BrokerResult<void> KeepAlive(std::chrono::milliseconds wait) override;
  [[nodiscard]] BrokerResult<void> AcknowledgeUpTo(DeliveryTag tag) override;
  [[nodiscard]] BrokerResult<void> Cancel() override;
  void Close() override;
  void Wake() override;
  void Abort() override;
  [[nodiscard]] const std::string& queue() const override { return queue_; }

 private:
  enum class State { kClosed, kSubscribed, kCancelled };

  struct InHand {
    std::uint64_t number = 0;
    std::int64_t message = 0;
  };

  [[nodiscard]] std::size_t Room() const;
  [[nodiscard]] Unexpected<BrokerError> NotSubscribed() const;
  BrokerResult<std::vector<Delivery>> TakeReady(const ReceiveLimits& limits);
  Unexpected<BrokerError> Lost(BrokerError error);

  std::shared_ptr<EmbeddedBroker> broker_;
  const std::string queue_;
  const std::string consumer_tag_;
  State state_ = State::kClosed;
  std::size_t prefetch_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t last_number_ = 0;
  std::int64_t queue_id_ = 0;
  std::uint64_t opening_ = 0;  // of the file that queue_id_ and token_ are of
  std::int64_t token_ = 0;     // of this generation's leases
  std::deque<InHand> in_hand_;
  std::atomic<bool> woken_ = false;
  std::atomic<bool> aborted_ = false;
};

}  // namespace deadletter
