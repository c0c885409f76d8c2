#include "sqlite/statement.h"

#include <sqlite3.h>

#include <utility>

#include "sqlite/database.h"

namespace deadletter::sqlite {

Statement::Statement(Database& database, std::string_view sql, sqlite3_stmt* handle)
    : database_(&database), sql_(sql), handle_(handle) {}

Statement::Statement(Statement&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)),
      sql_(std::move(other.sql_)),
      handle_(std::exchange(other.handle_, nullptr)),
      finished_(other.finished_),
      error_(std::move(other.error_)) {}

Statement::~Statement() {
  if (handle_ == nullptr) return;
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  const auto kept = database_->idle_.find(sql_);
  if (kept != database_->idle_.end() && kept->second == nullptr) {
    kept->second = handle_;
  } else {
    sqlite3_finalize(handle_);
  }
}

bool Statement::Next() {
  if (handle_ == nullptr || error_ || finished_) return false;
  // SQLite may have ended the transaction by itself (a trigger's RAISE(ROLLBACK), a full disk):
  // what ran now would be committed alone.
  if (database_->in_transaction_ && database_->poison_) {
    error_ = database_->poison_;
    return false;
  }
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  finished_ = true;
  if (code != SQLITE_DONE) Check(code, sql_);
  // Reset at once: a read that is only run to its end would otherwise keep its snapshot, and with
  // it the log.
  sqlite3_reset(handle_);
  return false;
}

DatabaseResult<void> Statement::Run() {
  while (Next()) {
  }
  if (error_) return Unexpected<DatabaseError>(*error_);
  return {};
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::int64_t Statement::Int64(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::string Statement::Text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return bytes == nullptr ? std::string() : std::string(bytes, Size(column));
}

Instant Statement::Time(int column) const {
  return Instant(Microseconds(Int64(column)));
}

std::size_t Statement::Size(int column) const {
  return static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
}

std::optional<std::int64_t> Statement::OptionalInt64(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Int64(column));
}

std::optional<std::string> Statement::OptionalText(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Text(column));
}

std::optional<Instant> Statement::OptionalTime(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Time(column));
}

void Statement::Rewind() {
  if (handle_ == nullptr) return;  // the error of a text that does not compile stays
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  finished_ = false;
  error_.reset();
}

void Statement::BindOne(int index, std::nullptr_t) {
  if (handle_ != nullptr) Check(sqlite3_bind_null(handle_, index), "bind");
}

void Statement::BindOne(int index, std::int64_t value) {
  if (handle_ != nullptr) Check(sqlite3_bind_int64(handle_, index, value), "bind");
}

void Statement::BindOne(int index, std::string_view text) {
  if (handle_ == nullptr) return;
  // A null pointer would bind NULL; an empty text is a text.
  const char* bytes = text.data() == nullptr ? "" : text.data();
  Check(sqlite3_bind_text64(handle_, index, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8),
        "bind");
}

void Statement::BindOne(int index, Blob blob) {
  if (handle_ == nullptr) return;
  const char* bytes = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
  Check(sqlite3_bind_blob64(handle_, index, bytes, blob.bytes.size(), SQLITE_STATIC), "bind");
}

void Statement::Check(int code, std::string_view attempted) {
  if (code == SQLITE_OK || error_) return;
  error_ = database_->LastError(attempted);
  database_->Poison(*error_);
}

}  // namespace deadletter::sqlite
