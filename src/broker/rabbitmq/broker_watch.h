// The port BrokerWatch on RabbitMQ: passive declarations on a connection of its own.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "broker/broker_watch.h"
#include "broker/rabbitmq/connection.h"
#include "broker/rabbitmq/interrupter.h"
#include "broker/rabbitmq/io_thread.h"
#include "broker/rabbitmq/options.h"

namespace deadletter::rabbitmq {

// On a consumer's connection the question would have to wait behind letters on their way, and take
// them in: more than our memory may hold.
class RabbitBrokerWatch final : public BrokerWatch {
 public:
  explicit RabbitBrokerWatch(Options options);
  ~RabbitBrokerWatch() override;

  [[nodiscard]] BrokerResult<void> Check() override;
  [[nodiscard]] BrokerResult<std::optional<std::int64_t>> Waiting(
      const std::string& queue) override;
  [[nodiscard]] BrokerResult<std::optional<std::vector<std::string>>> ConsumerTags(
      const std::string& queue) override;
  void Abort() override;  // an answer of the management API is waited for up to 3 s all the same

 private:
  // All of these run on io_.
  [[nodiscard]] BrokerResult<void> ConnectWhereNeeded();
  void Drop();

  Options options_;
  std::unique_ptr<Connection> connection_;
  Interrupter interrupter_;
  std::atomic<bool> aborted_ = false;
  IoThread io_;  // last, so that it ends before what its functions use
};

}  // namespace deadletter::rabbitmq
