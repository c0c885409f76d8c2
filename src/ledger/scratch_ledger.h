// Port: a place for tables for a while, beside everybody's own: what a measurement works on. The
// ledger's own tables are made there by its Migrator.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/ledger_error.h"

namespace deadletter {

// Threads: one at a time.
class ScratchLedger {
 public:
  virtual ~ScratchLedger() = default;

  // Makes the place, with what stands in it besides the ledger: a table of executions as
  // ExecutionTable names it, where the Migrator makes none, and a table of single rows. Whoever
  // makes one is known by its session to live, so that nobody takes it for abandoned. A right that
  // is missing is an error that says which, and how it is given.
  [[nodiscard]] virtual LedgerResult<void> Make() = 0;

  // What filling has left behind is not to be in the way of what is measured.
  [[nodiscard]] virtual LedgerResult<void> Tidy() = 0;
  // One row, one durable commit.
  [[nodiscard]] virtual LedgerResult<void> InsertRow() = 0;
  [[nodiscard]] virtual LedgerResult<std::int64_t> CountExecutions(const std::string& status) = 0;

  // With everything in it; nothing where it is not there.
  [[nodiscard]] virtual LedgerResult<void> Remove() = 0;
  // Removes what others have left who are surely dead, as far as it can be, and gives the names.
  [[nodiscard]] virtual LedgerResult<std::vector<std::string>> RemoveAbandoned() = 0;
};

// How such a place is called: this, and some random digits.
inline constexpr const char* kScratchPrefix = "deadletter_bench_";
inline constexpr int kScratchDigits = 12;

}  // namespace deadletter
