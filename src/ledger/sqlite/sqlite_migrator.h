// Migrator over the SQLite ledger: makes the file, its tables and, where the user has none of his
// own, the table of the embedded platform's executions.
#pragma once

#include "ledger/migrator.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

// Status() of a file that is not there is version 0, and makes none.
class SqliteMigrator final : public Migrator {
 public:
  explicit SqliteMigrator(SqliteLedgerOptions options);

  [[nodiscard]] LedgerResult<SchemaStatus> Status() override;
  // A ledger made by a newer program is left alone: kStatement.
  [[nodiscard]] LedgerResult<std::vector<std::string>> Migrate() override;
  [[nodiscard]] std::string Print() const override;
  void Abort() override { file_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<int> ReadVersion(sqlite::Database& database);
  [[nodiscard]] LedgerResult<bool> HasTable(sqlite::Database& database, const std::string& name);
  // The name of the migration run; "" where there was nothing left to do.
  [[nodiscard]] LedgerResult<std::string> MigrateOnce(sqlite::Database& database);
  [[nodiscard]] LedgerResult<void> MakeExecutionTable(sqlite::Database& database);
  [[nodiscard]] bool MakesExecutionTable() const;

  const SqliteLedgerOptions options_;
  LedgerFile file_;
};

}  // namespace deadletter
