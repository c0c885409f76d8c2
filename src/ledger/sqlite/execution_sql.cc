#include "ledger/sqlite/execution_sql.h"

#include <sqlite3.h>

#include <optional>
#include <utility>
#include <vector>

#include "ledger/embedded_sql.h"
#include "ledger/sqlite/sql.h"

namespace deadletter {
namespace {

std::string Quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted += quote;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) {
    if (!joined.empty()) joined += ", ";
    joined += part;
  }
  return joined;
}

std::string ColumnOr(const std::string& name, const std::string& otherwise) {
  return name.empty() ? otherwise : QuotedName(name);
}

class Columns {
 public:
  Columns(sqlite::Database& database, const ExecutionTable& table)
      : statement_(database.Prepare(sqlite::sql::kColumnType)) {
    std::tie(schema_, table_) = SplitTable(table.table);
  }

  [[nodiscard]] bool Exist(sqlite::Database& database) const {
    auto found = database.Prepare(sqlite::sql::kFindTable);
    found.Bind(table_, schema_);
    return found.Next() && found.Bool(0);
  }

  // "" where there is no such column.
  [[nodiscard]] std::string DeclaredType(const std::string& column) {
    statement_.Bind(table_, schema_, column);
    std::string type = statement_.Next() ? statement_.Text(0) : "";
    while (statement_.Next()) {
    }
    return type;
  }

  // The parameter that a time is taken from: ?4 is a text, ?5 are microseconds. "INT" anywhere in
  // the declared type is SQLite's own rule for integer affinity.
  [[nodiscard]] std::string Now(const std::string& column) {
    return DeclaredType(column).find("INT") == std::string::npos ? "?4" : "?5";
  }

  [[nodiscard]] const std::optional<sqlite::DatabaseError>& error() const {
    return statement_.error();
  }

 private:
  std::string schema_;
  std::string table_;
  sqlite::Statement statement_;
};

struct Assignments {
  std::string failing;
  std::string finishing;
  std::string replaying;
};

Assignments MakeAssignments(const ExecutionTable& table, Columns& columns) {
  std::vector<std::string> parts = {QuotedName(table.status) + " = ?1"};
  if (!table.result.empty()) parts.push_back(QuotedName(table.result) + " = ?2");
  for (const std::string& time : {table.updated, table.finished}) {
    if (!time.empty()) parts.push_back(QuotedName(time) + " = " + columns.Now(time));
  }
  Assignments assignments;
  assignments.finishing = Joined(parts);
  if (!table.error.empty()) parts.push_back(QuotedName(table.error) + " = ?3");
  assignments.failing = Joined(parts);

  parts = {QuotedName(table.status) + " = ?1"};
  if (!table.updated.empty())
    parts.push_back(QuotedName(table.updated) + " = " + columns.Now(table.updated));
  if (!table.finished.empty()) parts.push_back(QuotedName(table.finished) + " = NULL");
  assignments.replaying = Joined(parts);
  return assignments;
}

std::string MakeSubmit(const ExecutionTable& table, Columns& columns) {
  std::vector<std::string> names = {QuotedName(table.status)};
  std::vector<std::string> values = {"?6"};
  const auto add = [&](const std::string& name, const std::string& value) {
    if (name.empty()) return;
    names.push_back(QuotedName(name));
    values.push_back(value);
  };
  add(table.action_ref, "?1");
  add(table.worker, "?2");
  if (!table.updated.empty()) add(table.updated, columns.Now(table.updated));
  return FillIn(sqlite::sql::kSubmitExecution, {{"table", QuotedTable(table.table)},
                                                {"columns", Joined(names)},
                                                {"values", Joined(values)},
                                                {"id", QuotedName(table.id)}});
}

}  // namespace

std::pair<std::string, std::string> SplitTable(const std::string& table) {
  const auto dot = table.find('.');
  if (dot == std::string::npos) return {"main", table};
  return {table.substr(0, dot), table.substr(dot + 1)};
}

std::string QuotedName(const std::string& name) {
  return Quoted(name, '"');
}

std::string QuotedTable(const std::string& table) {
  const auto [schema, name] = SplitTable(table);
  return QuotedName(schema) + "." + QuotedName(name);
}

StoredId::StoredId(const ExecutionId& id, bool as_blob) {
  switch (id.type()) {
    case ExecutionIdType::kInteger:
      value_ = id.number();
      break;
    case ExecutionIdType::kUuid:
      if (as_blob) {
        const auto& bytes = id.uuid().bytes;
        value_ = Bytes{std::string(bytes.begin(), bytes.end())};
      } else {
        value_ = FormatUuid(id.uuid());
      }
      break;
    case ExecutionIdType::kText:
      value_ = id.text();
      break;
  }
}

sqlite::DatabaseResult<ExecutionSql> ExecutionSql::Make(sqlite::Database& database,
                                                        const ExecutionTable& table) {
  Columns columns(database, table);
  if (!columns.Exist(database)) {
    return Unexpected<sqlite::DatabaseError>(
        {SQLITE_ERROR, database.path() + ": no such table: " + table.table});
  }
  const std::string name = QuotedTable(table.table);
  const std::string id = QuotedName(table.id);
  const std::string status = QuotedName(table.status);
  const std::string action = ColumnOr(table.action, "NULL");
  const std::string action_ref = ColumnOr(table.action_ref, "NULL");
  const std::string updated =
      table.updated.empty() ? "" : "deadletter_instant(" + QuotedName(table.updated) + ")";
  const Assignments assignments = MakeAssignments(table, columns);

  std::vector<std::string> words;
  for (const std::string& word : table.failable) words.push_back(Quoted(word, '\''));
  const std::string failable = Joined(words);
  // Without such a column every attempt is the row's: any stamp lies in its own window.
  const auto stamp = [&](const char* from) { return updated.empty() ? from : updated; };

  ExecutionSql made;
  made.fail = FillIn(sqlite::sql::kFailExecution, {{"table", name},
                                                   {"assignments", assignments.failing},
                                                   {"id", id},
                                                   {"status", status},
                                                   {"failable", failable},
                                                   {"updated_instant", stamp("?6")}});
  made.moved = FillIn(sqlite::sql::kMovedExecution, {{"table", name},
                                                     {"id", id},
                                                     {"status", status},
                                                     {"action", action},
                                                     {"action_ref", action_ref}});
  made.standing = FillIn(sqlite::sql::kExecutionStanding, {{"table", name},
                                                           {"id", id},
                                                           {"status", status},
                                                           {"failable", failable},
                                                           {"updated_instant", stamp("?1")},
                                                           {"row_updated", stamp("NULL")}});
  made.status =
      FillIn(sqlite::sql::kExecutionStatus, {{"table", name}, {"id", id}, {"status", status}});
  made.row = FillIn(sqlite::sql::kExecutionRow, {{"table", name},
                                                 {"id", id},
                                                 {"status", status},
                                                 {"result", ColumnOr(table.result, "NULL")},
                                                 {"action_ref", action_ref},
                                                 {"updated_instant", stamp("NULL")}});
  made.submit = MakeSubmit(table, columns);
  made.finish = FillIn(sqlite::sql::kFinishExecution, {{"table", name},
                                                       {"assignments", assignments.finishing},
                                                       {"id", id},
                                                       {"status", status},
                                                       {"failable", failable},
                                                       {"updated_instant", stamp("?6")}});
  made.message_standing =
      FillIn(sqlite::sql::kMessageStanding,
             {{"table", name}, {"id", id}, {"status", status}, {"failable", failable}});
  // A failed row names its letter in its result; without such a column the ledger is asked.
  const std::string result = ColumnOr(table.result, "NULL");
  made.seen = FillIn(
      sqlite::sql::kReplaySeen,
      {{"table", name},
       {"id", id},
       {"status", status},
       {"row_updated", stamp("NULL")},
       {"is_failed_by", table.result.empty() ? std::string("NULL")
                                             : "iif(json_valid(" + result + "), json_extract(" +
                                                   result + ", '$.letter_id') IS ?2, 0)"}});
  made.replay = FillIn(
      sqlite::sql::kReplayExecution,
      {{"table", name}, {"assignments", assignments.replaying}, {"id", id}, {"status", status}});
  made.unsend = FillIn(sqlite::sql::kUnsendExecution, {{"table", name},
                                                       {"assignments", assignments.failing},
                                                       {"id", id},
                                                       {"status", status},
                                                       {"updated_instant", stamp("?7")}});
  made.id_type = table.id_type;
  made.id_is_blob = columns.DeclaredType(table.id).find("BLOB") != std::string::npos;
  if (columns.error()) return Unexpected<sqlite::DatabaseError>(*columns.error());
  return made;
}

std::optional<ExecutionId> ExecutionSql::ReadId(const sqlite::Statement& rows) const {
  if (rows.IsNull(0)) return std::nullopt;
  if (id_type == ExecutionIdType::kInteger) return ExecutionId(rows.Int64(0));
  if (id_type == ExecutionIdType::kUuid && id_is_blob) {
    const std::string bytes = rows.Text(0);
    Uuid uuid;
    if (bytes.size() != uuid.bytes.size()) return std::nullopt;
    std::copy(bytes.begin(), bytes.end(), uuid.bytes.begin());
    return ExecutionId(uuid);
  }
  return ParseExecutionId(id_type, rows.Text(0));
}

}  // namespace deadletter
