#include "ledger/sqlite/stored_time.h"

#include <sqlite3.h>

#include <string>

#include "base/rfc3339.h"

namespace deadletter {
namespace {

constexpr std::size_t kLongestTime = 64;  // bytes; nothing longer is a time

void InstantFunction(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  sqlite3_value* value = values[0];
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      sqlite3_result_value(context, value);
      return;
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
      const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
      if (text == nullptr) break;
      if (const auto instant = ReadStoredTime({text, size})) {
        sqlite3_result_int64(context, instant->time_since_epoch().count());
        return;
      }
      break;
    }
    default:
      break;
  }
  sqlite3_result_null(context);
}

}  // namespace

std::optional<Instant> ReadStoredTime(std::string_view text) {
  if (text.size() > kLongestTime) return std::nullopt;
  auto time = ParseRfc3339(text);
  if (!time) time = ParseRfc3339(std::string(text) + "Z");
  if (!time) return std::nullopt;
  return time->instant;
}

int RegisterStoredTime(sqlite3* handle) {
  return sqlite3_create_function_v2(handle, "deadletter_instant", 1,
                                    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, nullptr,
                                    &InstantFunction, nullptr, nullptr, nullptr);
}

}  // namespace deadletter
