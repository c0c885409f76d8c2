#include "ledger/postgres/stored_message.h"

#include <utility>

#include "letter/field_json.h"

namespace deadletter::postgres {

std::string ReadStored(const Rows& rows, int row, int column, Message& message) {
  const auto damaged = [](const Error& error) { return "a damaged message: " + error.message; };
  auto properties = PropertiesFromJson(rows.Bytes(row, column));
  if (!properties) return damaged(properties.error());
  message.properties = std::move(*properties);
  auto headers = FieldTableFromJson(rows.Bytes(row, column + 1));
  if (!headers) return damaged(headers.error());
  message.headers = std::move(*headers);
  return "";
}

}  // namespace deadletter::postgres
