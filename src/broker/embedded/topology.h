// The Topology port over the embedded queue file.
#pragma once

#include <memory>

#include "broker/embedded/broker.h"
#include "broker/topology.h"

namespace deadletter {

// What RabbitMQ would drop the embedded queue holds (deaths.h); what it holds is a finding of kind
// kLosesLetters too, since nobody receives it.
class EmbeddedTopology final : public Topology {
 public:
  explicit EmbeddedTopology(std::shared_ptr<EmbeddedBroker> broker) : broker_(std::move(broker)) {}

  [[nodiscard]] BrokerResult<std::vector<Finding>> Check(const TopologyPlan& plan) override;
  [[nodiscard]] BrokerResult<std::vector<AppliedChange>> Apply(const TopologyPlan& plan) override;

 private:
  std::shared_ptr<EmbeddedBroker> broker_;
};

}  // namespace deadletter
