// The port ScratchLedger over a SQLite file of its owner's own.
#pragma once

#include "ledger/scratch_ledger.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

// The place is the file: it goes with its folder, whose owner knows which are abandoned. The table
// of executions is the Migrator's.
class SqliteScratch final : public ScratchLedger {
 public:
  explicit SqliteScratch(SqliteLedgerOptions options);

  [[nodiscard]] LedgerResult<void> Make() override;
  [[nodiscard]] LedgerResult<void> Tidy() override { return {}; }
  [[nodiscard]] LedgerResult<void> InsertRow() override;
  [[nodiscard]] LedgerResult<std::int64_t> CountExecutions(const std::string& status) override;
  [[nodiscard]] LedgerResult<void> Remove() override { return {}; }
  [[nodiscard]] LedgerResult<std::vector<std::string>> RemoveAbandoned() override {
    return std::vector<std::string>();
  }

 private:
  const SqliteLedgerOptions options_;
  LedgerFile file_;
};

}  // namespace deadletter
