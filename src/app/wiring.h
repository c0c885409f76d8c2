// From a configuration to the parts of the service: the only place that names concrete adapters.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/diagnosis.h"
#include "broker/scratch_broker.h"
#include "broker/topology.h"
#include "broker/work_queue.h"
#include "config/config.h"
#include "handler/service.h"
#include "ledger/executions.h"
#include "ledger/scratch_ledger.h"
#include "operations/operations.h"
#include "operations/work.h"

namespace deadletter {

// Makes the ports of one pair of broker and ledger; each call gives a new one, for one thread. Safe
// from any thread.
class Wiring {
 public:
  // Servers are connected by the first call on a port; embedded files are opened (and made) here,
  // and the error says why one cannot be. `config` and `clock` must outlive it and everything it
  // makes.
  [[nodiscard]] static Result<std::unique_ptr<Wiring>> Open(const Config& config,
                                                            const Clock& clock);
  // The same for whoever keeps running: a queue file that cannot be opened (locked, a full disk) is
  // tried again and again, as a server that is away would be.
  [[nodiscard]] static Result<std::unique_ptr<Wiring>> OpenToStay(const Config& config,
                                                                  const Clock& clock);
  // Topology::Check() of the configured pair without opening the wiring, and so without making
  // files.
  [[nodiscard]] static BrokerResult<std::vector<Finding>> CheckTopology(const Config& config,
                                                                        const Clock& clock);
  // What the doctor finds of the configured broker, and of the configured ledger. Nothing is made
  // or changed; bounded by half a minute. From two threads at once, if one likes.
  [[nodiscard]] static std::vector<Diagnosis> ExamineBroker(const Config& config,
                                                            const Clock& clock);
  [[nodiscard]] static std::vector<Diagnosis> ExamineLedger(const Config& config,
                                                            const Clock& clock);
  virtual ~Wiring() = default;

  [[nodiscard]] virtual std::unique_ptr<Consumer> MakeConsumer(
      const std::string& queue, const std::string& consumer_tag) const = 0;
  [[nodiscard]] virtual std::unique_ptr<Publisher> MakePublisher() const = 0;
  // Sends nothing twice by itself.
  [[nodiscard]] virtual std::unique_ptr<Publisher> MakeReplayPublisher() const = 0;
  [[nodiscard]] virtual std::unique_ptr<BrokerWatch> MakeBrokerWatch() const = 0;
  [[nodiscard]] virtual std::unique_ptr<WorkQueue> MakeWorkQueue() const = 0;
  // Null where leases end with a connection.
  [[nodiscard]] virtual std::unique_ptr<LastingWorkQueue> MakeLastingWorkQueue() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Topology> MakeTopology() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Settlement> MakeSettlement() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Outbox> MakeOutbox() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Catalog> MakeCatalog() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Executions> MakeExecutions() const = 0;
  // Null where nothing is submitted over HTTP.
  [[nodiscard]] virtual std::unique_ptr<KeyedExecutions> MakeKeyedExecutions() const = 0;
  [[nodiscard]] virtual std::unique_ptr<ReplayBook> MakeReplayBook() const = 0;
  [[nodiscard]] virtual std::unique_ptr<ReplayWork> MakeReplayWork() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Migrator> MakeMigrator() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Audit> MakeAudit() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Remarks> MakeRemarks() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Discards> MakeDiscards() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Counting> MakeCounting() const = 0;
  [[nodiscard]] virtual std::unique_ptr<GroupBook> MakeGroupBook() const = 0;
  [[nodiscard]] virtual std::unique_ptr<TextIndex> MakeTextIndex() const = 0;
  // For measurements, on a configuration whose places are all the measurement's own.
  [[nodiscard]] virtual std::unique_ptr<ScratchBroker> MakeScratchBroker() const = 0;
  [[nodiscard]] virtual std::unique_ptr<ScratchLedger> MakeScratchLedger() const = 0;

  [[nodiscard]] Adapters MakeAdapters() const;  // must not outlive the wiring
};

[[nodiscard]] ServiceOptions MakeServiceOptions(const Config& config);
[[nodiscard]] Redaction RedactionOf(const Config& config);
[[nodiscard]] LedgerReaders MakeReaders(const Wiring& wiring, const Config& config);
// Null where there is no work over HTTP. `submitted`: as in WorkOptions.
[[nodiscard]] std::unique_ptr<Work> MakeWork(const Wiring& wiring, const Config& config,
                                             std::function<void()> submitted);

}  // namespace deadletter
