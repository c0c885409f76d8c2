// The Publisher port over the embedded queue file.
#pragma once

#include <atomic>
#include <memory>

#include "broker/embedded/broker.h"
#include "broker/publisher.h"

namespace deadletter {

// One Publish() is one transaction: confirmed means durable. A message larger than
// kMaxMessageBytes, or with an expiration that is no number of milliseconds, is kNacked. BCC
// headers are taken off, as RabbitMQ does.
class EmbeddedPublisher final : public Publisher {
 public:
  static constexpr std::size_t kMaxMessageBytes = std::size_t{512} << 20;

  explicit EmbeddedPublisher(std::shared_ptr<EmbeddedBroker> broker) : broker_(std::move(broker)) {}

  [[nodiscard]] std::vector<PublishResult> Publish(
      std::span<const OutgoingMessage> messages) override;
  [[nodiscard]] BrokerResult<bool> ExchangeExists(const std::string& exchange) override;
  void KeepAlive() override {}  // there is no connection to lose
  void Close() override {}
  void Abort() override { aborted_ = true; }

 private:
  std::shared_ptr<EmbeddedBroker> broker_;
  std::atomic<bool> aborted_ = false;
};

}  // namespace deadletter
