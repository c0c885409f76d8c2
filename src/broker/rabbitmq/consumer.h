// The port Consumer on RabbitMQ: one connection, one channel, one queue.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/consumer.h"
#include "broker/rabbitmq/assembler.h"
#include "broker/rabbitmq/connection.h"
#include "broker/rabbitmq/io_thread.h"
#include "broker/rabbitmq/options.h"
#include "broker/rabbitmq/wake_signal.h"

namespace deadletter::rabbitmq {

// Connects in Subscribe() and nowhere else; any error closes the connection, and the caller decides
// when to come back. The prefetch is counted by the broker for what was consumed since the last
// Subscribe(): letters in hand from before are not counted. Who means to ask for more than one
// letter at a time cancels first, with that letter in hand: nothing is then on its way to a
// consumer that is no more, which a quorum queue would take back and count as a delivery.
class RabbitConsumer final : public Consumer {
 public:
  // `look_when_idle_for`: how long nothing came before the queue is looked for.
  RabbitConsumer(Options options, std::string queue, std::string consumer_tag,
                 std::chrono::milliseconds look_when_idle_for = std::chrono::seconds(30));
  ~RabbitConsumer() override;

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
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Batch;

  // All of these run on io_.
  [[nodiscard]] BrokerResult<void> SubscribeHere(std::size_t prefetch);
  [[nodiscard]] BrokerResult<void> Connect();
  [[nodiscard]] BrokerResult<void> ConsumeAnew(std::uint16_t prefetch);
  void ChooseTag();
  [[nodiscard]] BrokerResult<void> StopConsuming();
  [[nodiscard]] BrokerResult<std::vector<Delivery>> ReceiveHere(const ReceiveLimits& limits);
  [[nodiscard]] BrokerResult<void> KeepAliveHere(std::chrono::milliseconds wait);
  [[nodiscard]] BrokerResult<void> TakeWhatIsThere(Batch& batch);
  [[nodiscard]] BrokerResult<void> TakeFrame(const Frame& frame, Batch& batch);
  [[nodiscard]] BrokerError WhatStopped(BrokerError error) const;
  [[nodiscard]] BrokerResult<bool> LookForQueueWhenIdle();
  void LetBytesGather();
  void Drop();
  [[nodiscard]] Unexpected<BrokerError> DropBecauseOf(BrokerError error);

  Options options_;
  std::string queue_;
  std::string consumer_tag_;  // as configured
  std::string tag_;           // of the present consumer, or of the last one
  std::chrono::milliseconds look_when_idle_for_;
  WakeSignal wake_;
  std::atomic<bool> aborted_ = false;
  Interrupter interrupter_;
  std::unique_ptr<Connection> connection_;
  std::size_t last_url_ = 0;
  Assembler assembler_;
  bool consuming_ = false;
  std::uint64_t consumers_ = 0;         // of this channel, so far
  std::size_t prefetch_ = 0;            // of the last one
  std::uint64_t delivered_before_ = 0;  // to the ones before it
  bool all_in_hand_ = false;            // when it was cancelled, nothing was on its way to it
  std::uint64_t generation_ = 0;
  std::uint64_t delivered_ = 0;     // the last number given out in this generation
  std::uint64_t acknowledged_ = 0;  // the last one acknowledged
  std::optional<BrokerError> error_after_letters_;
  std::size_t last_batch_letters_ = 0;
  SteadyTime last_sign_of_queue_;
  IoThread io_{kReceivingStackBytes};  // last, so that it ends before what its functions use
};

}  // namespace deadletter::rabbitmq
