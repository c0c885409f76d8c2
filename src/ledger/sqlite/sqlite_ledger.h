// The ledger's ports over SQLite. Each instance has a connection of its own to the file, opened at
// its first call and again when it went bad; a call that finds none fails with kUnavailable, and
// when to try again is the caller's business.
#pragma once

#include <memory>

#include "ledger/catalog.h"
#include "ledger/executions.h"
#include "ledger/migrator.h"
#include "ledger/outbox.h"
#include "ledger/settlement.h"
#include "ledger/sqlite/options.h"

namespace deadletter::sqlite {

[[nodiscard]] std::unique_ptr<Settlement> MakeSettlement(const SqliteLedgerOptions& options);
[[nodiscard]] std::unique_ptr<Outbox> MakeOutbox(const SqliteLedgerOptions& options);
[[nodiscard]] std::unique_ptr<Catalog> MakeCatalog(const SqliteLedgerOptions& options);
[[nodiscard]] std::unique_ptr<Executions> MakeExecutions(const SqliteLedgerOptions& options);
[[nodiscard]] std::unique_ptr<Migrator> MakeMigrator(const SqliteLedgerOptions& options);

}  // namespace deadletter::sqlite
