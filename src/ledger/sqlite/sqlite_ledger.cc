#include "ledger/sqlite/sqlite_ledger.h"

#include "ledger/sqlite/sqlite_catalog.h"
#include "ledger/sqlite/sqlite_executions.h"
#include "ledger/sqlite/sqlite_migrator.h"
#include "ledger/sqlite/sqlite_outbox.h"
#include "ledger/sqlite/sqlite_settlement.h"

namespace deadletter::sqlite {

std::unique_ptr<Settlement> MakeSettlement(const SqliteLedgerOptions& options) {
  return std::make_unique<SqliteSettlement>(options);
}

std::unique_ptr<Outbox> MakeOutbox(const SqliteLedgerOptions& options) {
  return std::make_unique<SqliteOutbox>(options);
}

std::unique_ptr<Catalog> MakeCatalog(const SqliteLedgerOptions& options) {
  return std::make_unique<SqliteCatalog>(options);
}

std::unique_ptr<Executions> MakeExecutions(const SqliteLedgerOptions& options) {
  return std::make_unique<SqliteExecutions>(options);
}

std::unique_ptr<Migrator> MakeMigrator(const SqliteLedgerOptions& options) {
  return std::make_unique<SqliteMigrator>(options);
}

}  // namespace deadletter::sqlite
