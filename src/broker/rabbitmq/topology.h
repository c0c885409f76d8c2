// The port Topology on RabbitMQ.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/rabbitmq/connection.h"
#include "broker/rabbitmq/io_thread.h"
#include "broker/rabbitmq/management.h"
#include "broker/rabbitmq/options.h"
#include "broker/topology.h"

namespace deadletter::rabbitmq {

// Connects for each call and closes after it.
class RabbitTopology final : public Topology {
 public:
  explicit RabbitTopology(Options options);

  [[nodiscard]] BrokerResult<std::vector<Finding>> Check(const TopologyPlan& plan) override;
  [[nodiscard]] BrokerResult<std::vector<AppliedChange>> Apply(const TopologyPlan& plan) override;

 private:
  [[nodiscard]] BrokerResult<std::optional<Management>> MakeManagement() const;

  Options options_;
  IoThread io_;
};

}  // namespace deadletter::rabbitmq
