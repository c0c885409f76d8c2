// One statement of a Database: bound, stepped, read.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "sqlite/database_error.h"

struct sqlite3_stmt;

namespace deadletter::sqlite {

class Database;

// Marks bytes to be stored as a BLOB; a plain string is stored as TEXT. Either keeps any bytes, NUL
// included.
struct Blob {
  std::string_view bytes;
};

// Lent by Database::Prepare() and given back when destroyed, reset and unbound. Bound strings must
// live until then.
//
//   auto statement = database.Prepare("SELECT name FROM queue WHERE id > ?1");
//   statement.Bind(7);
//   while (statement.Next()) use(statement.Text(0));
//   if (statement.error()) …             // or let the transaction's Commit() tell
class Statement {
 public:
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Binds ?1, ?2, … and begins anew, whatever was done before: a statement may be run many times.
  template <class... Values>
  Statement& Bind(const Values&... values) {
    Rewind();
    int index = 0;
    (BindOne(++index, values), ...);
    return *this;
  }

  // True: there is a row to read. False: no more rows, or an error.
  [[nodiscard]] bool Next();
  // Runs to the end, passing over any rows.
  DatabaseResult<void> Run();
  [[nodiscard]] const std::optional<DatabaseError>& error() const { return error_; }

  // Columns of the present row, from 0. NULL reads as 0 or "".
  [[nodiscard]] bool IsNull(int column) const;
  [[nodiscard]] std::int64_t Int64(int column) const;
  [[nodiscard]] bool Bool(int column) const { return Int64(column) != 0; }
  [[nodiscard]] std::string Text(int column) const;  // TEXT and BLOB alike, all their bytes
  [[nodiscard]] Instant Time(int column) const;      // stored as microseconds since 1970
  [[nodiscard]] std::size_t Size(int column) const;  // bytes of a TEXT or BLOB, without copying it
  [[nodiscard]] std::optional<std::int64_t> OptionalInt64(int column) const;
  [[nodiscard]] std::optional<std::string> OptionalText(int column) const;
  [[nodiscard]] std::optional<Instant> OptionalTime(int column) const;

 private:
  friend class Database;
  Statement(Database& database, std::string_view sql, sqlite3_stmt* handle);

  void Rewind();
  void BindOne(int index, std::nullptr_t);
  void BindOne(int index, std::int64_t value);
  void BindOne(int index, std::string_view text);
  void BindOne(int index, Blob blob);
  void BindOne(int index, Instant instant) { BindOne(index, instant.time_since_epoch().count()); }
  void BindOne(int index, const std::string& text) { BindOne(index, std::string_view(text)); }
  void BindOne(int index, const char* text) { BindOne(index, std::string_view(text)); }
  template <std::integral Integer>
  void BindOne(int index, Integer value) {
    BindOne(index, static_cast<std::int64_t>(value));
  }
  template <class T>
  void BindOne(int index, const std::optional<T>& value) {
    if (value) {
      BindOne(index, *value);
    } else {
      BindOne(index, nullptr);
    }
  }
  void Check(int code, std::string_view attempted);

  Database* database_;
  std::string sql_;
  sqlite3_stmt* handle_;  // null: could not be compiled, or moved from
  bool finished_ = false;
  std::optional<DatabaseError> error_;
};

}  // namespace deadletter::sqlite
