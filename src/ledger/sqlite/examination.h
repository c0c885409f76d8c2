// What `deadletter doctor` asks of the SQLite ledger, and how it judges the answers.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnosis.h"
#include "ledger/examination.h"
#include "ledger/sqlite/options.h"
#include "sqlite/file_examination.h"

namespace deadletter {

struct SqliteTableFacts {
  bool exists = false;
  std::vector<std::string> missing_columns;  // "executions.result: \"result\""
  bool id_indexed = false;
  std::vector<std::string> raising_triggers;
  OverdueFacts overdue;
};

struct SqliteLedgerFacts {
  sqlite::FileFacts file;
  std::optional<std::string> error;  // of looking into it
  std::optional<LedgerResult<SchemaStatus>> schema;
  std::optional<LedgerResult<OutboxBacklog>> backlog;
  std::optional<SqliteTableFacts> table;
};

// Makes and changes nothing. `limit` bounds it.
[[nodiscard]] SqliteLedgerFacts LookAtSqliteLedger(const SqliteLedgerOptions& options,
                                                   const LedgerExpectations& wanted,
                                                   const Clock& clock, std::chrono::seconds limit);

// Pure.
[[nodiscard]] std::vector<Diagnosis> JudgeSqliteLedger(const SqliteLedgerOptions& options,
                                                       const LedgerExpectations& wanted,
                                                       const SqliteLedgerFacts& facts);

}  // namespace deadletter
