#include "ledger/postgres/platform.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>

#include "base/text.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

using namespace std::string_view_literals;

struct ColumnType {
  std::string name;  // to cast to
  std::string base;  // what it is
};
using Columns = std::map<std::string, ColumnType>;

tl::unexpected<LedgerError> DoesNotFit(std::string message) {
  return tl::unexpected(
      LedgerError{.fault = LedgerFault::kStatement, .code = "", .message = std::move(message)});
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool IsText(std::string_view type) {
  return IsOneOf(type, {"text"sv, "character varying"sv});
}

// Which column types hold ids of a configured type, and the word for them.
struct IdFit {
  bool fits = false;
  std::string_view param;
};

IdFit FitOf(ExecutionIdType type, std::string_view column) {
  switch (type) {
    case ExecutionIdType::kInteger:
      return {IsOneOf(column, {"smallint"sv, "integer"sv, "bigint"sv}), "bigint"};
    case ExecutionIdType::kUuid:
      if (column == "uuid") return {true, "uuid"};
      return {IsText(column), "text"};  // in lower case, as UUIDs are written
    case ExecutionIdType::kText:
      return {IsText(column), "text"};
  }
  return {};
}

std::string_view IdTypeName(ExecutionIdType type) {
  switch (type) {
    case ExecutionIdType::kInteger:
      return "integer";
    case ExecutionIdType::kUuid:
      return "uuid";
    case ExecutionIdType::kText:
      return "text";
  }
  return "";
}

// One configured column: where to put its quoted name and its type, and what types it may have
// (empty: any).
struct Wanted {
  std::string_view key;
  const std::string* name;
  std::string* quoted;
  std::string* type;
  std::initializer_list<std::string_view> allowed;
};

LedgerResult<void> Take(const Wanted& wanted, const std::string& table, const Columns& columns) {
  if (wanted.name->empty()) return {};
  const auto found = columns.find(*wanted.name);
  if (found == columns.end()) {
    return DoesNotFit("executions." + std::string(wanted.key) + ": table " + table +
                      " has no column \"" + *wanted.name + "\"");
  }
  if (wanted.allowed.size() != 0 && !IsOneOf(found->second.base, wanted.allowed)) {
    std::string allowed;
    for (const auto type : wanted.allowed) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(type);
    }
    return DoesNotFit("executions." + std::string(wanted.key) + ": column \"" + *wanted.name +
                      "\" of " + table + " is " + found->second.base + ", which is none of " +
                      allowed);
  }
  *wanted.quoted = QuotedName(*wanted.name);
  if (wanted.type != nullptr) *wanted.type = found->second.name;
  return {};
}

}  // namespace

std::string QuotedName(const std::string& name) {
  std::string quoted = "\"";
  for (const char byte : name) {
    if (byte == '"') quoted += '"';
    quoted += byte;
  }
  return quoted + "\"";
}

std::string QuotedTable(const std::string& name) {
  const auto dot = name.find('.');
  if (dot == std::string::npos) return QuotedName(name);
  return QuotedName(name.substr(0, dot)) + "." + QuotedName(name.substr(dot + 1));
}

std::string FailAssignments(const PlatformSql& sql) {
  std::string assignments = sql.status + " = terms.failed::" + sql.status_type;
  if (!sql.result.empty())
    assignments += ", " + sql.result + " = material.result::" + sql.result_type;
  if (!sql.error.empty()) assignments += ", " + sql.error + " = material.error::" + sql.error_type;
  if (!sql.updated.empty()) assignments += ", " + sql.updated + " = now()";
  if (!sql.finished.empty()) assignments += ", " + sql.finished + " = now()";
  return assignments;
}

LedgerResult<const PlatformSql*> Platform::Learn(Connection& connection) {
  if (known_for_ == connection.generation() && known_for_ != 0) return &sql_;
  auto looked = Look(connection);
  if (!looked) return tl::unexpected(looked.error());
  sql_ = std::move(*looked);
  known_for_ = connection.generation();
  return &sql_;
}

LedgerResult<PlatformSql> Platform::Look(Connection& connection) const {
  PlatformSql sql;
  sql.table = QuotedTable(table_.table);
  Parameters name;
  name.Bytes(sql.table);
  const auto relation =
      connection.Run({.sql = std::string(sql::kPlatformTable), .parameters = name});
  if (!relation) return tl::unexpected(relation.error());
  if (relation->size() == 0) {
    return DoesNotFit("executions.table: there is no table " + sql.table +
                      " in the ledger's database, or it is not in the search path");
  }

  const auto rows = connection.Run({.sql = std::string(sql::kPlatformColumns), .parameters = name});
  if (!rows) return tl::unexpected(rows.error());
  Columns columns;
  for (int row = 0; row < rows->size(); ++row) {
    columns[std::string(rows->Bytes(row, 0))] = {std::string(rows->Bytes(row, 1)),
                                                 std::string(rows->Bytes(row, 2))};
  }

  const auto text = {"text"sv, "character varying"sv};
  const auto json = {"jsonb"sv, "json"sv, "text"sv, "character varying"sv};
  const auto time = {"timestamp with time zone"sv, "timestamp without time zone"sv};
  const Wanted all[] = {
      {"id", &table_.id, &sql.id, nullptr, {}},
      {"status", &table_.status, &sql.status, &sql.status_type, {}},
      {"result", &table_.result, &sql.result, &sql.result_type, json},
      {"error", &table_.error, &sql.error, &sql.error_type, text},
      {"updated", &table_.updated, &sql.updated, nullptr, time},
      {"finished", &table_.finished, &sql.finished, nullptr, time},
      {"worker", &table_.worker, &sql.worker, &sql.worker_type, {}},
      {"action", &table_.action, &sql.action, nullptr, {}},
      {"action_ref", &table_.action_ref, &sql.action_ref, &sql.action_ref_type, {}},
  };
  for (const Wanted& wanted : all) {
    if (auto taken = Take(wanted, sql.table, columns); !taken) return tl::unexpected(taken.error());
  }
  sql.result_is_jsonb = !table_.result.empty() && columns.at(table_.result).base == "jsonb";
  const std::string& id_base = columns.at(table_.id).base;
  const IdFit fit = FitOf(table_.id_type, id_base);
  if (!fit.fits) {
    return DoesNotFit("executions.id_type: \"" + std::string(IdTypeName(table_.id_type)) +
                      "\" does not fit column \"" + table_.id + "\" of " + sql.table +
                      ", which is " + id_base);
  }
  sql.id_param = fit.param;
  for (const auto& [key, word] :
       {std::pair("failed", &table_.failed), {"replay_status", &table_.replay_status}}) {
    if (auto fits = CheckStatus(connection, sql, key, *word); !fits)
      return tl::unexpected(fits.error());
  }
  return sql;
}

Statement Platform::CastOf(const PlatformSql& sql, const std::string& word) {
  Statement cast{.sql = FillIn(sql::kPlatformStatus, {{"status_type", sql.status_type}}),
                 .parameters = {}};
  cast.parameters.Bytes(word);
  return cast;
}

// A word that the column refuses would make every letter look like a bad one.
LedgerResult<void> Platform::CheckStatus(Connection& connection, const PlatformSql& sql,
                                         const std::string& key, const std::string& word) const {
  const auto done = connection.Run(CastOf(sql, word));
  if (done) return {};
  if (done.error().fault != LedgerFault::kLetter) return tl::unexpected(done.error());
  return DoesNotFit("executions." + key + ": column \"" + table_.status + "\" of " + sql.table +
                    " does not take \"" + word + "\": " + done.error().message);
}

BinaryArray Platform::IdArray() const {
  if (sql_.id_param == "bigint") return BinaryArray(ElementType::kInt8);
  return BinaryArray(sql_.id_param == "uuid" ? ElementType::kUuid : ElementType::kText);
}

void Platform::AddId(BinaryArray& ids, const std::optional<ExecutionId>& id) const {
  if (!id || id->type() != table_.id_type) return ids.AddNull();
  switch (id->type()) {
    case ExecutionIdType::kInteger:
      return ids.AddNumber(id->number());
    case ExecutionIdType::kUuid:
      if (sql_.id_param == "uuid") return ids.AddUuid(id->uuid());
      return ids.AddBytes(std::string_view(FormatUuid(id->uuid())));
    case ExecutionIdType::kText: {
      const std::string& text = id->text();
      // PostgreSQL's text holds no NUL, so that no row has such an id.
      const bool can_be = text.find('\0') == std::string::npos && IsUtf8(text);
      return can_be ? ids.AddBytes(std::string_view(text)) : ids.AddNull();
    }
  }
}

}  // namespace deadletter::postgres
