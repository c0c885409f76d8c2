#include "broker/topology.h"

#include <algorithm>

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

std::vector<std::string> TopologyPlan::UnconsumedLetterQueues() const {
  std::vector<std::string> queues;
  for (const auto& queue : {dlq, unrouted_queue}) {
    if (std::find(dead_letter_queues.begin(), dead_letter_queues.end(), queue) ==
        dead_letter_queues.end())
      queues.push_back(queue);
  }
  return queues;
}

std::string UnconsumedMessage(const std::string& queue) {
  return "queue " + queue +
         " gets letters, but is no configured [[queue]]: nobody handles them; add it";
}

std::string TopologyPlan::DispatchKey(const std::string& worker_id) {
  return "execution.dispatch.worker." + worker_id;
}

}  // namespace deadletter
