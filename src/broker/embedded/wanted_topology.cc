#include "broker/embedded/wanted_topology.h"

namespace deadletter::embedded {

WantedTopology Wanted(const TopologyPlan& plan) {
  WantedTopology wanted;
  wanted.exchanges = {
      {plan.unrouted_exchange, ExchangeType::kFanout, ""},
      {plan.dlx, ExchangeTypeFromName(plan.dlx_type).value_or(ExchangeType::kTopic),
       plan.unrouted_exchange},
      {plan.dispatch_exchange, ExchangeType::kTopic, ""},
  };
  wanted.queues = {{.name = plan.dlq}, {.name = plan.unrouted_queue}};
  wanted.bindings = {{plan.dlx, plan.dlq, plan.dlq_binding},
                     {plan.unrouted_exchange, plan.unrouted_queue, ""}};
  for (const auto& id : plan.worker_ids) {
    const auto queue = plan.WorkerQueueName(id);
    wanted.queues.push_back(
        {.name = queue, .message_ttl = plan.worker_ttl, .dead_letter_exchange = plan.dlx});
    wanted.bindings.push_back({plan.dispatch_exchange, queue, TopologyPlan::DispatchKey(id)});
  }
  for (const auto& listener : plan.listeners) {
    wanted.queues.push_back({.name = listener.queue});
    wanted.bindings.push_back({listener.exchange, listener.queue, listener.routing_key});
  }
  return wanted;
}

}  // namespace deadletter::embedded
