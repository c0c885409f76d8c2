#include "sqlite/database.h"

#include <sqlite3.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace deadletter::sqlite {

namespace {

constexpr std::size_t kMaxKeptStatements = 256;
constexpr std::chrono::milliseconds kRetryStep{10};

int PrimaryCode(int code) {
  return code & 0xff;
}

// The switch to the write-ahead log needs the file for itself, and SQLite does not call its busy
// handler for that: two programs that create the file at the same moment would fail each other.
template <class Attempt>
DatabaseResult<void> Patiently(std::chrono::milliseconds patience, Attempt attempt) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto done = attempt();
    if (done || !done.error().IsBusy() || std::chrono::steady_clock::now() >= deadline) return done;
    std::this_thread::sleep_for(kRetryStep);
  }
}

}  // namespace

void CountNoMemory() {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool DatabaseError::IsBusy() const {
  switch (PrimaryCode(code)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return true;
    default:
      return false;
  }
}

DatabaseResult<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                         const DatabaseOptions& options) {
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (options.create ? SQLITE_OPEN_CREATE : 0);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  if (handle == nullptr) {
    return Unexpected<DatabaseError>({SQLITE_NOMEM, "open " + path + ": out of memory"});
  }
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return Unexpected<DatabaseError>(database->LastError("open"));
  if (auto configured = database->Configure(options); !configured) {
    return Unexpected<DatabaseError>(configured.error());
  }
  return database;
}

Database::Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {
  sqlite3_extended_result_codes(handle_, 1);
}

Database::~Database() {
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

DatabaseResult<void> Database::Configure(const DatabaseOptions& options) {
  sqlite3_busy_timeout(handle_, static_cast<int>(options.busy_timeout.count()));
  const auto accept = [&] {
    return options.accept ? options.accept(*this) : DatabaseResult<void>();
  };
  if (auto accepted = Patiently(options.busy_timeout, accept); !accepted) return accepted;
  const auto switch_log = [this]() -> DatabaseResult<void> {
    auto switched = Pragma("journal_mode=WAL");
    if (!switched) return Unexpected<DatabaseError>(switched.error());
    return {};
  };
  if (auto switched = Patiently(options.busy_timeout, switch_log); !switched) return switched;
  if (auto asked = Execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"); !asked)
    return asked;
  const std::pair<const char*, const char*> wanted[] = {
      {"journal_mode", "wal"}, {"synchronous", "2"}, {"foreign_keys", "1"}};
  for (const auto& [name, value] : wanted) {
    const auto found = Pragma(name);
    if (!found) return Unexpected<DatabaseError>(found.error());
    if (*found != value) {
      return Unexpected<DatabaseError>(
          {SQLITE_ERROR, path_ + ": " + name + " is " + *found + " and cannot be made " + value});
    }
  }
  return {};
}

DatabaseResult<std::string> Database::Pragma(const std::string& pragma) {
  auto statement = Prepare("PRAGMA " + pragma);
  const std::string value = statement.Next() ? statement.Text(0) : "";
  if (statement.error()) return Unexpected<DatabaseError>(*statement.error());
  return value;
}

Statement Database::Prepare(std::string_view sql) {
  const auto kept = idle_.find(sql);
  if (kept != idle_.end() && kept->second != nullptr) {
    return Statement(*this, sql, std::exchange(kept->second, nullptr));
  }
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  Statement statement(*this, sql, handle);
  if (code != SQLITE_OK) {
    statement.Check(code, sql);
  } else if (kept == idle_.end() && idle_.size() < kMaxKeptStatements) {
    idle_.emplace(sql, nullptr);
  }
  return statement;
}

DatabaseResult<void> Database::Execute(const std::string& script) {
  if (in_transaction_ && poison_) return Unexpected<DatabaseError>(*poison_);
  const int code = sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  auto error = LastError("script");
  Poison(error);
  return Unexpected<DatabaseError>(std::move(error));
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(handle_);
}

std::int64_t Database::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

DatabaseResult<std::int64_t> Database::DataVersion() {
  auto statement = Prepare("PRAGMA data_version");
  const std::int64_t version = statement.Next() ? statement.Int64(0) : 0;
  if (statement.error()) return Unexpected<DatabaseError>(*statement.error());
  return version;
}

DatabaseError Database::LastError(std::string_view attempted) const {
  constexpr std::size_t kShownBytes = 120;
  std::string line(attempted.substr(0, kShownBytes));
  std::replace(line.begin(), line.end(), '\n', ' ');
  return {sqlite3_extended_errcode(handle_),
          path_ + ": " + sqlite3_errmsg(handle_) + " (" + line + ")"};
}

void Database::Poison(const DatabaseError& error) {
  if (in_transaction_ && !poison_) poison_ = error;
}

DatabaseResult<Transaction> Transaction::Begin(Database& database) {
  if (auto begun = database.Prepare("BEGIN IMMEDIATE").Run(); !begun) {
    return Unexpected<DatabaseError>(begun.error());
  }
  database.in_transaction_ = true;
  database.poison_.reset();
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ != nullptr) RollBack();
}

DatabaseResult<void> Transaction::Commit() {
  if (!database_->poison_)
    static_cast<void>(database_->Prepare("COMMIT").Run());  // an error poisons
  const auto error = database_->poison_;
  if (error) {
    RollBack();
    return Unexpected<DatabaseError>(*error);
  }
  database_->in_transaction_ = false;
  database_ = nullptr;
  return {};
}

void Transaction::RollBack() {
  // SQLite may have rolled back by itself (disk full); a second ROLLBACK then only says so.
  database_->in_transaction_ = false;
  if (sqlite3_get_autocommit(database_->handle_) == 0) {
    static_cast<void>(database_->Prepare("ROLLBACK").Run());
  }
  database_ = nullptr;
}

}  // namespace deadletter::sqlite
