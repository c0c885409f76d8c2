// What the ledger's conformance suite asks of an adapter's test: a fresh ledger beside a fresh
// platform's table, the ports over it, and a hand on the platform's rows that is not the product's.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "ledger/audit.h"
#include "ledger/catalog.h"
#include "ledger/counting.h"
#include "ledger/discards.h"
#include "ledger/executions.h"
#include "ledger/group_book.h"
#include "ledger/migrator.h"
#include "ledger/outbox.h"
#include "ledger/remarks.h"
#include "ledger/replay_book.h"
#include "ledger/replay_work.h"
#include "ledger/settlement.h"
#include "ledger/text_index.h"
#include "tests/conformance/ledger_facts.h"
#include "tests/support/documented_states.h"
#include "tests/support/platform_tables.h"

namespace deadletter::test {

struct LedgerSetup {
  PlatformShape shape = PlatformShape::kAttune;
  ExecutionsMode mode = ExecutionsMode::kFail;
  bool migrated = true;  // false: the ledger is empty, and the test migrates it
  std::chrono::milliseconds lock_timeout{300};
};

// A row as the platform writes it. What the shape's table has no column for is left out.
struct PlatformExecution {
  ExecutionId id;
  std::string status;
  std::optional<std::int64_t> action{};  // kAttune and kTextIds only
  std::string action_ref = "core.echo";
};

// A row as the platform reads it; nothing where the column is not there or null.
struct PlatformRow {
  std::string status;
  std::optional<std::string> result_json;
  std::optional<std::string> error;
  std::optional<Instant> updated;
  bool finished = false;  // the `finished` column is set
};

// What a trigger of the platform's does with an UPDATE that sets a status.
enum class PlatformTrigger { kRaises, kSuppresses };

// Every Open…() gives a new instance with a connection of its own to the same ledger; they may be
// used from different threads. The other calls throw where they fail, and may come from any thread.
class LedgerUnderTest {
 public:
  virtual ~LedgerUnderTest() = default;

  [[nodiscard]] virtual std::unique_ptr<Settlement> OpenSettlement() = 0;
  [[nodiscard]] virtual std::unique_ptr<Outbox> OpenOutbox() = 0;
  [[nodiscard]] virtual std::unique_ptr<Outbox> OpenObservingOutbox() = 0;
  [[nodiscard]] virtual std::unique_ptr<Catalog> OpenCatalog() = 0;
  [[nodiscard]] virtual std::unique_ptr<Executions> OpenExecutions() = 0;
  [[nodiscard]] virtual std::unique_ptr<ReplayBook> OpenReplayBook() = 0;
  [[nodiscard]] virtual std::unique_ptr<ReplayWork> OpenReplayWork() = 0;
  [[nodiscard]] virtual std::unique_ptr<Migrator> OpenMigrator() = 0;
  [[nodiscard]] virtual std::unique_ptr<Audit> OpenAudit() = 0;
  [[nodiscard]] virtual std::unique_ptr<Remarks> OpenRemarks() = 0;
  [[nodiscard]] virtual std::unique_ptr<Discards> OpenDiscards() = 0;
  [[nodiscard]] virtual std::unique_ptr<Counting> OpenCounting() = 0;
  [[nodiscard]] virtual std::unique_ptr<GroupBook> OpenGroupBook() = 0;
  [[nodiscard]] virtual std::unique_ptr<TextIndex> OpenTextIndex() = 0;

  virtual void Put(const PlatformExecution& execution) = 0;
  virtual void SetStatus(const ExecutionId& id, const std::string& status) = 0;
  virtual void ClearStatus(const ExecutionId& id) = 0;  // to null; kPlainJobs only
  virtual void Remove(const ExecutionId& id) = 0;
  [[nodiscard]] virtual std::optional<PlatformRow> Read(const ExecutionId& id) = 0;
  // Everything, at one moment each; of tables with hundreds of thousands of rows, too.
  [[nodiscard]] virtual LedgerFacts ReadFacts() = 0;
  [[nodiscard]] virtual FactCounts CountFacts() = 0;
  // As an older program leaves what it records: letters that are not counted yet are not known as
  // such.
  virtual void ForgetUncounted() = 0;
  // What tells which letters are to be counted is no longer so.
  virtual void DamageUncounted() = 0;
  // Changes our own tables behind the product's back; {{letter}}, {{letter_key}}, {{outbox}},
  // {{audit}} and so on stand for them.
  virtual void Meddle(const std::string& sql) = 0;

  // Stands from now on until it is removed.
  virtual void AddTrigger(PlatformTrigger trigger) = 0;
  virtual void RemoveTrigger() = 0;
  // From now on a trigger of the platform's raises for every UPDATE of that execution, and of those
  // told before; until RefuseNobody().
  virtual void Refuse(const ExecutionId& id) = 0;
  virtual void RefuseNobody() = 0;
  // Takes the platform's table away: whoever touches it afterwards fails.
  virtual void DropPlatformTable() = 0;

  // From now on the ledger itself notes how each of its letters comes to be and changes.
  virtual void RecordArrows() = 0;
  [[nodiscard]] virtual std::set<Arrow> Arrows() = 0;
};

using MakeLedger = std::function<std::unique_ptr<LedgerUnderTest>(const LedgerSetup&)>;

}  // namespace deadletter::test
