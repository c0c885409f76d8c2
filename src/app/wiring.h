// From a configuration to the parts of the service: the only place that names concrete adapters.
#pragma once

#include <memory>

#include "broker/topology.h"
#include "broker/work_queue.h"
#include "config/config.h"
#include "handler/service.h"
#include "ledger/executions.h"
#include "operations/operations.h"

namespace deadletter {

// Makes the ports of one pair. Nothing is connected before the first call on a port. Safe from any thread; `config` and
// `clock` must outlive it and everything it makes.
class Wiring {
 public:
  Wiring(const Config& config, const Clock& clock);
  ~Wiring();

  [[nodiscard]] Adapters MakeAdapters() const;
  [[nodiscard]] std::unique_ptr<Executions> MakeExecutions() const;
  [[nodiscard]] std::unique_ptr<Topology> MakeTopology() const;
  [[nodiscard]] std::unique_ptr<WorkQueue> MakeWorkQueue() const;
  [[nodiscard]] std::unique_ptr<Migrator> MakeMigrator() const;
  [[nodiscard]] std::unique_ptr<Outbox> MakeOutbox() const;
  [[nodiscard]] std::unique_ptr<Publisher> MakePublisher() const;
  [[nodiscard]] LedgerReaders MakeReaders() const;

 private:
  class PairWiring;
  class EmbeddedWiring;
  class ServersWiring;
  std::unique_ptr<PairWiring> pair_;
};

[[nodiscard]] ServiceOptions MakeServiceOptions(const Config& config);

}  // namespace deadletter
