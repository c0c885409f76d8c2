#include "app/demo_config.h"

namespace deadletter {
namespace {

constexpr std::chrono::milliseconds kWorkerTtl(3'000);

TopologyPlan DemoTopology(const Config& config) {
  TopologyPlan plan;
  plan.dlx = "deadletter.demo.dlx";
  plan.dlq = "deadletter.demo.dlq";
  plan.unrouted_exchange = "deadletter.demo.unrouted";
  plan.unrouted_queue = "deadletter.demo.unrouted.queue";
  plan.dispatch_exchange = "deadletter.demo.executions";
  plan.worker_queue = "deadletter.demo.worker.{id}";
  plan.worker_ids = {"1", "2", "3"};
  plan.worker_ttl = kWorkerTtl;
  plan.dead_letter_queues = {plan.dlq};
  plan.consumer_tags = config.topology.consumer_tags;
  plan.listeners = {{kDemoListenerQueue, plan.dispatch_exchange, config.events.routing_key}};
  return plan;
}

}  // namespace

Config DemoConfig(Config given, const std::string& folder) {
  Config config = std::move(given);
  if (config.pair == Pair::kEmbedded) {
    config.data_dir = folder;
    config.broker.path = folder + "/queues.sqlite3";
    config.ledger.path = folder + "/ledger.sqlite3";
  }
  config.topology = DemoTopology(config);
  config.events.enabled = true;
  config.events.exchange = config.topology.dispatch_exchange;
  config.queues.resize(1);
  config.queues.front().name = config.topology.dlq;
  config.queues.front().optional = false;
  config.policies.clear();
  return config;
}

}  // namespace deadletter
