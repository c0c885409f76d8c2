// Times in the platform's columns: RFC 3339 text or microseconds since 1970.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

struct sqlite3;

namespace deadletter {

// RFC 3339; without an offset it is UTC, as SQLite's CURRENT_TIMESTAMP and datetime() write it.
[[nodiscard]] std::optional<Instant> ReadStoredTime(std::string_view text);

// Gives the connection the SQL function deadletter_instant(value): microseconds since 1970 for a
// text or an integer (which are just that), NULL for everything else. A guard can so compare in the
// statement that writes. Returns SQLite's result code.
[[nodiscard]] int RegisterStoredTime(sqlite3* handle);

}  // namespace deadletter
