// The plan of [topology], written out as what must be there.
#pragma once

#include <string>
#include <vector>

#include "broker/embedded/topology_specs.h"
#include "broker/topology.h"

namespace deadletter::embedded {

struct WantedExchange {
  std::string name;
  ExchangeType type = ExchangeType::kTopic;
  std::string alternate;  // "": none wanted
};

struct WantedBinding {
  std::string exchange;
  std::string queue;
  std::string routing_key;
};

struct WantedTopology {
  std::vector<WantedExchange> exchanges;
  std::vector<QueueSpec> queues;
  std::vector<WantedBinding> bindings;
};

[[nodiscard]] WantedTopology Wanted(const TopologyPlan& plan);

}  // namespace deadletter::embedded
