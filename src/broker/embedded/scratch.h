// The port ScratchBroker over the embedded queue file.
#pragma once

#include <memory>
#include <utility>

#include "broker/embedded/broker.h"
#include "broker/scratch_broker.h"

namespace deadletter {

// Nothing expires here by being unused. The file is one of its owner's own, and what stays of the
// plan when the queues are removed, the exchange, goes with the file.
class EmbeddedScratch final : public ScratchBroker {
 public:
  explicit EmbeddedScratch(std::shared_ptr<EmbeddedBroker> broker) : broker_(std::move(broker)) {}

  [[nodiscard]] BrokerResult<void> Make(const ScratchPlan& plan) override;
  [[nodiscard]] BrokerResult<void> Remove(const ScratchPlan& plan) override;

 private:
  const std::shared_ptr<EmbeddedBroker> broker_;
};

}  // namespace deadletter
