// What only the ledger knows, kept fresh for /metrics and /readyz.
#pragma once

#include <memory>
#include <thread>

#include "base/signal.h"
#include "ledger/catalog.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter {

// One thread of its own. `metrics` and `health` must outlive it.
class LedgerFigures {
 public:
  LedgerFigures(std::unique_ptr<Catalog> catalog, Metrics& metrics, Health& health);
  ~LedgerFigures();  // as Stop()

  void Start();
  void Stop();  // does not wait for the ledger

 private:
  void Run(const std::stop_token& stop);
  void Look();

  const std::unique_ptr<Catalog> catalog_;
  Metrics& metrics_;
  Health& health_;
  Signal signal_;
  std::jthread thread_;
};

}  // namespace deadletter
