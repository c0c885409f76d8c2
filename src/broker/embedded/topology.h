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

// The same Check() for one who does not hold the file open: nothing is made or changed, and nothing
// is brought up to date that time has brought about since the last who did. A file that is not
// there is a finding, and so is everything that would be in it.
[[nodiscard]] BrokerResult<std::vector<Finding>> CheckQueueFile(const std::string& path,
                                                                const TopologyPlan& plan,
                                                                const Clock& clock);

}  // namespace deadletter
