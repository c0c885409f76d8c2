#include "broker/embedded/schema.h"

#include <sqlite3.h>

#include <filesystem>
#include <optional>

#include "base/fault_point.h"
#include "broker/embedded/sql.h"

namespace deadletter::embedded {

namespace {

constexpr std::int64_t kApplicationId = 1684828533;  // "dlqu"; as in migrations/001_queues.sql

// Reads numbers until the first error.
class Look {
 public:
  explicit Look(sqlite::Database& database) : database_(database) {}

  [[nodiscard]] std::int64_t Number(std::string_view sql) {
    auto statement = database_.Prepare(sql);
    const auto number = statement.Next() ? statement.Int64(0) : 0;
    if (statement.error() && !error_) error_ = statement.error();
    return number;
  }
  [[nodiscard]] const std::optional<sqlite::DatabaseError>& error() const { return error_; }

 private:
  sqlite::Database& database_;
  std::optional<sqlite::DatabaseError> error_;
};

std::optional<std::string> WhyNotOurs(Look& look) {
  const auto version = look.Number(sql::kSchemaVersion);
  const bool marked = look.Number(sql::kApplicationId) == kApplicationId;
  if (!marked && (version != 0 || look.Number(sql::kCountTables) != 0)) {
    return "is a database, but no queue file; give the embedded broker a file of its own";
  }
  if (version > static_cast<std::int64_t>(sql::kMigrations.size())) {
    return "was made by a newer version of this program; use that one";
  }
  return std::nullopt;
}

sqlite::DatabaseResult<void> RunMissing(sqlite::Database& database) {
  const auto version = Look(database).Number(sql::kSchemaVersion);
  for (const auto& migration : sql::kMigrations) {
    if (migration.version <= version) continue;
    if (auto run = database.Execute(std::string(migration.sql)); !run) return run;
    const auto mark = "PRAGMA user_version = " + std::to_string(migration.version);
    if (auto marked = database.Execute(mark); !marked) return marked;
  }
  return {};
}

sqlite::DatabaseResult<void> Accept(sqlite::Database& database) {
  Look look(database);
  const auto foreign = WhyNotOurs(look);
  if (look.error()) return Unexpected<sqlite::DatabaseError>(*look.error());
  if (!foreign) return {};
  return Unexpected<sqlite::DatabaseError>({SQLITE_NOTADB, database.path() + " " + *foreign});
}

sqlite::DatabaseResult<void> AcceptCurrent(sqlite::Database& database) {
  if (auto accepted = Accept(database); !accepted) return accepted;
  Look look(database);
  const bool current =
      look.Number(sql::kSchemaVersion) == static_cast<std::int64_t>(sql::kMigrations.size());
  if (look.error()) return Unexpected<sqlite::DatabaseError>(*look.error());
  if (current) return {};
  return Unexpected<sqlite::DatabaseError>(
      {SQLITE_NOTADB, database.path() + " was made by an older version of this program; start "
                                        "`deadletter serve` once to bring it up to date"});
}

BrokerResult<void> Migrate(sqlite::Database& database) {
  auto transaction = sqlite::Transaction::Begin(database);  // whoever comes second finds it done
  if (!transaction) return Unexpected<BrokerError>(ToBrokerError(transaction.error()));
  // Once more: somebody else may have made something of it since.
  if (auto accepted = Accept(database); !accepted)
    return Unexpected<BrokerError>(ToBrokerError(accepted.error()));
  if (auto run = RunMissing(database); !run)
    return Unexpected<BrokerError>(ToBrokerError(run.error()));
  fault::Hit("open.before");
  if (auto committed = transaction->Commit(); !committed) {
    return Unexpected<BrokerError>(ToBrokerError(committed.error()));
  }
  fault::Hit("open.after");
  return {};
}

}  // namespace

BrokerResult<std::unique_ptr<sqlite::Database>> OpenQueueFile(
    const std::string& path, std::chrono::milliseconds busy_timeout, bool create) {
  auto database = sqlite::Database::Open(path, {busy_timeout, create, Accept});
  if (!database) return Unexpected<BrokerError>(ToBrokerError(database.error()));
  if (auto migrated = Migrate(**database); !migrated)
    return Unexpected<BrokerError>(migrated.error());
  return std::move(*database);
}

BrokerResult<std::unique_ptr<sqlite::Database>> OpenQueueFileToLook(
    const std::string& path, std::chrono::milliseconds busy_timeout) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory || (!error && size == 0)) return nullptr;
  auto database = sqlite::Database::Open(path, {busy_timeout, false, AcceptCurrent});
  if (!database) return Unexpected<BrokerError>(ToBrokerError(database.error()));
  return std::move(*database);
}

BrokerError ToBrokerError(const sqlite::DatabaseError& error) {
  switch (error.code & 0xff) {
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
    case SQLITE_NOTADB:
      return {BrokerFault::kRefused, error.message};
    default:
      return {BrokerFault::kUnreachable, error.message};
  }
}

}  // namespace deadletter::embedded
