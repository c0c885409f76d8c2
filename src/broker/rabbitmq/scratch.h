// The port ScratchBroker on RabbitMQ.
#pragma once

#include "broker/rabbitmq/connection.h"
#include "broker/rabbitmq/io_thread.h"
#include "broker/rabbitmq/options.h"
#include "broker/scratch_broker.h"

namespace deadletter::rabbitmq {

// Connects for each call and closes after it.
class RabbitScratch final : public ScratchBroker {
 public:
  explicit RabbitScratch(Options options);

  [[nodiscard]] BrokerResult<void> Make(const ScratchPlan& plan) override;
  [[nodiscard]] BrokerResult<void> Remove(const ScratchPlan& plan) override;

 private:
  Options options_;
  IoThread io_;
};

}  // namespace deadletter::rabbitmq
