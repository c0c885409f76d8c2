// The statements over the platform's table, made once a connection from the user's names.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "ledger/execution_table.h"
#include "ledger/ledger_error.h"
#include "sqlite/database.h"

namespace deadletter {

// The user's names, in SQL. A table's schema and its own name; "main" where none is said.
[[nodiscard]] std::pair<std::string, std::string> SplitTable(const std::string& table);
[[nodiscard]] std::string QuotedName(const std::string& name);
[[nodiscard]] std::string QuotedTable(const std::string& table);

// An id as the column holds it. Bind it with Visit(); it must live until the statement has run.
class StoredId {
 public:
  StoredId(const ExecutionId& id, bool as_blob);

  template <class Bind>
  void Visit(Bind&& bind) const {
    std::visit(std::forward<Bind>(bind), value_);
  }

 private:
  struct Bytes {
    std::string bytes;
    operator sqlite::Blob() const {
      return {bytes};
    }  // NOLINT(google-explicit-constructor): bound as one
  };
  std::variant<std::int64_t, std::string, Bytes> value_;
};

struct ExecutionSql {
  // Asks the schema for what the columns are declared as. An error: there is no such table.
  [[nodiscard]] static sqlite::DatabaseResult<ExecutionSql> Make(sqlite::Database& database,
                                                                 const ExecutionTable& table);

  [[nodiscard]] StoredId Store(const ExecutionId& id) const { return {id, id_is_blob}; }
  // The id in the first column of the statement's row; nothing where it is null or not of the
  // configured type.
  [[nodiscard]] std::optional<ExecutionId> ReadId(const sqlite::Statement& rows) const;

  // The parameters are told in sql/*.sql.
  std::string fail;
  std::string moved;
  std::string standing;
  std::string status;
  std::string row;
  std::string submit;
  std::string finish;
  std::string message_standing;
  std::string seen;    // for a replay
  std::string replay;  // back to executions.replay_status
  std::string unsend;  // and failed again
  ExecutionIdType id_type = ExecutionIdType::kInteger;
  bool id_is_blob = false;
};

}  // namespace deadletter
