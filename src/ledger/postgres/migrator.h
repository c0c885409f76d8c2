// The ledger's schema in PostgreSQL: src/ledger/postgres/migrations, in order, one transaction
// each.
#pragma once

#include "ledger/migrator.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"

namespace deadletter::postgres {

class PostgresMigrator final : public Migrator {
 public:
  explicit PostgresMigrator(const Options& options);

  [[nodiscard]] LedgerResult<SchemaStatus> Status() override;
  [[nodiscard]] LedgerResult<std::vector<std::string>> Migrate() override;
  [[nodiscard]] std::string Print() const override;
  void Abort() override { connection_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<std::vector<std::string>> MigrateLocked();
  [[nodiscard]] LedgerResult<void> MakeSchema();

  std::string schema_name_;
  std::string schema_;
  ExecutionTable table_;
  ExecutionsMode mode_;
  Connection connection_;
};

}  // namespace deadletter::postgres
