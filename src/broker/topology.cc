#include "broker/topology.h"

namespace deadletter {

std::string TopologyPlan::WorkerQueueName(const std::string& worker_id) const {
  constexpr std::string_view kPlace = "{id}";
  std::string name = worker_queue;
  for (auto at = name.find(kPlace); at != std::string::npos;
       at = name.find(kPlace, at + worker_id.size())) {
    name.replace(at, kPlace.size(), worker_id);
  }
  return name;
}

std::string TopologyPlan::DispatchKey(const std::string& worker_id) {
  return "execution.dispatch.worker." + worker_id;
}

}  // namespace deadletter
