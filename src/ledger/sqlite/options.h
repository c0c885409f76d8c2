// Where the SQLite ledger is and which of the file's tables holds the platform's executions.
#pragma once

#include <chrono>
#include <string>

#include "ledger/execution_table.h"

namespace deadletter {

// The platform's table must be a table, not a view: what moved is counted by sqlite3_changes(),
// which knows nothing of INSTEAD OF triggers. Its columns may hold:
//
// - id: an integer, a text, or a UUID as lower-case text, or as 16 bytes where the column is
//   declared BLOB.
// - status: a text.
// - updated: an RFC 3339 text (without an offset, as CURRENT_TIMESTAMP writes it: UTC), or an
//   integer of microseconds since 1970. Anything else belongs to no attempt.
// - updated and finished are written as the column is declared: microseconds into INT, BIGINT,
//   INTEGER, …, and into any other a text in UTC with six digits.
//
// Triggers on the table run inside our transaction: RAISE(ABORT) and constraints refuse the letter,
// RAISE(IGNORE) suppresses the update. They may use SQLite's own functions only.
struct SqliteLedgerOptions {
  std::string path;
  ExecutionTable executions;
  ExecutionsMode mode = ExecutionsMode::kFail;
  // How long to wait for somebody else's write to end; then the call fails with kBusy. SQLite locks
  // the whole file and no rows, so that a letter is never deferred.
  std::chrono::milliseconds lock_timeout{300};
};

}  // namespace deadletter
