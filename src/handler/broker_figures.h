// What only the broker knows, kept fresh for /metrics and /readyz.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/signal.h"
#include "broker/broker_watch.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter {

struct WatchedQueue {
  std::string name;
  std::string consumer_tag;  // ours; any other on the queue takes letters that we never see
};

// One thread of its own. `metrics` and `health` must outlive it.
class BrokerFigures {
 public:
  BrokerFigures(std::unique_ptr<BrokerWatch> watch, std::vector<WatchedQueue> queues,
                Metrics& metrics, Health& health);
  ~BrokerFigures();  // as Stop()

  void Start();
  void Stop();  // does not wait for the broker

 private:
  void Run(const std::stop_token& stop);
  void Look();
  void LookForForeignConsumers();

  const std::unique_ptr<BrokerWatch> watch_;
  const std::vector<WatchedQueue> queues_;
  Metrics& metrics_;
  Health& health_;
  std::chrono::steady_clock::time_point looked_for_consumers_{};
  Signal signal_;
  std::jthread thread_;
};

}  // namespace deadletter
