// Port: the ledger's schema.
#pragma once

#include <string>
#include <vector>

#include "ledger/ledger_error.h"

namespace deadletter {

struct SchemaStatus {
  int version = 0;  // of the ledger; 0: nothing there
  int wanted = 0;   // by this program
  [[nodiscard]] bool IsCurrent() const { return version == wanted; }
  [[nodiscard]] bool IsNewer() const {
    return version > wanted;
  }  // made by a newer program: hands off
};

// Threads: one makes the calls; only Abort() may come from any. Safe when several instances start
// together: one migrates, the others wait for it.
class Migrator {
 public:
  virtual ~Migrator() = default;
  [[nodiscard]] virtual LedgerResult<SchemaStatus> Status() = 0;
  // Runs what is missing, each migration in a transaction of its own. Returns the names of those
  // run.
  [[nodiscard]] virtual LedgerResult<std::vector<std::string>> Migrate() = 0;
  // What Migrate() would run on an empty ledger, and the grants that serve needs afterwards.
  [[nodiscard]] virtual std::string Print() const = 0;
  // Ends a call in progress, and lets each later one fail. A migration it interrupts has happened
  // whole or not at all.
  virtual void Abort() = 0;
};

}  // namespace deadletter
