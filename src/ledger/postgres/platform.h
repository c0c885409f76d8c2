// The platform's table as the database has it: types looked up once a connection, names quoted, and
// the pieces of SQL that depend on them.
#pragma once

#include <optional>
#include <string>

#include "ledger/execution_table.h"
#include "ledger/postgres/connection.h"

namespace deadletter::postgres {

// "a.b" becomes "a"."b"; what has no dot is left to the search path.
[[nodiscard]] std::string QuotedTable(const std::string& name);
[[nodiscard]] std::string QuotedName(const std::string& name);

// Empty where the configuration names no such column.
struct PlatformSql {
  std::string table;
  std::string id;
  std::string id_param;  // the element type of an array of ids: bigint, uuid or text
  std::string status;
  std::string status_type;
  std::string result;
  std::string result_type;
  bool result_is_jsonb = false;
  std::string error;
  std::string error_type;
  std::string updated;
  std::string finished;
  std::string worker;
  std::string worker_type;
  std::string action;
  std::string action_ref;
  std::string action_ref_type;

  friend bool operator==(const PlatformSql&, const PlatformSql&) = default;
};

// Column = value, …, for an execution that is failed: of `terms` the word, of `material` the result
// and the error.
[[nodiscard]] std::string FailAssignments(const PlatformSql& sql);

class Platform {
 public:
  explicit Platform(ExecutionTable table) : table_(std::move(table)) {}

  // Looks where it has not looked over this connection yet. An error (kStatement) names the
  // configuration's key that does not fit. The pointer is good until the next call.
  [[nodiscard]] LedgerResult<const PlatformSql*> Learn(Connection& connection);
  // After a statement was refused: perhaps the table was changed.
  void Forget() { known_for_ = 0; }

  [[nodiscard]] const ExecutionTable& table() const { return table_; }
  // One element of an array of id_param; null where no row can have that id.
  void AddId(BinaryArray& ids, const std::optional<ExecutionId>& id) const;
  [[nodiscard]] BinaryArray IdArray() const;
  // Fails where the status column does not take executions.failed any more.
  [[nodiscard]] Statement CastOfFailed() const { return CastOf(sql_, table_.failed); }

 private:
  [[nodiscard]] static Statement CastOf(const PlatformSql& sql, const std::string& word);
  [[nodiscard]] LedgerResult<PlatformSql> Look(Connection& connection) const;
  [[nodiscard]] LedgerResult<void> CheckStatus(Connection& connection, const PlatformSql& sql,
                                               const std::string& key,
                                               const std::string& word) const;

  ExecutionTable table_;
  PlatformSql sql_;
  std::uint64_t known_for_ = 0;  // the connection's generation
};

}  // namespace deadletter::postgres
