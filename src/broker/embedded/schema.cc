#include "broker/embedded/schema.h"

#include <sqlite3.h>

#include <optional>

#include "base/fault_point.h"
#include "broker/embedded/sql.h"

namespace deadletter::embedded {

namespace {

constexpr std::int64_t kApplicationId = 1684828533;  // "dlqu"; as in migrations/001_queues.sql

std::int64_t Number(sqlite::Database& database, std::string_view sql) {
  auto statement = database.Prepare(sql);
  return statement.Next() ? statement.Int64(0) : 0;
}

std::optional<std::string> WhyNotOurs(sqlite::Database& database) {
  const auto version = Number(database, sql::kSchemaVersion);
  const bool marked = Number(database, sql::kApplicationId) == kApplicationId;
  if (!marked && (version != 0 || Number(database, sql::kCountTables) != 0)) {
    return "is a database, but no queue file; give the embedded broker a file of its own";
  }
  if (version > static_cast<std::int64_t>(sql::kMigrations.size())) {
    return "was made by a newer version of this program; use that one";
  }
  return std::nullopt;
}

sqlite::DatabaseResult<void> RunMissing(sqlite::Database& database) {
  const auto version = Number(database, sql::kSchemaVersion);
  for (const auto& migration : sql::kMigrations) {
    if (migration.version <= version) continue;
    if (auto run = database.Execute(std::string(migration.sql)); !run) return run;
    const auto mark = "PRAGMA user_version = " + std::to_string(migration.version);
    if (auto marked = database.Execute(mark); !marked) return marked;
  }
  return {};
}

BrokerResult<void> Migrate(sqlite::Database& database) {
  auto transaction = sqlite::Transaction::Begin(database);  // whoever comes second finds it done
  if (!transaction) return Unexpected<BrokerError>(ToBrokerError(transaction.error()));
  const auto foreign = WhyNotOurs(database);
  if (transaction->error()) return Unexpected<BrokerError>(ToBrokerError(*transaction->error()));
  if (foreign) {
    return Unexpected<BrokerError>({BrokerFault::kRefused, database.path() + " " + *foreign});
  }
  if (auto run = RunMissing(database); !run)
    return Unexpected<BrokerError>(ToBrokerError(run.error()));
  fault::Hit("embedded.migrate.commit");
  if (auto committed = transaction->Commit(); !committed) {
    return Unexpected<BrokerError>(ToBrokerError(committed.error()));
  }
  return {};
}

}  // namespace

BrokerResult<std::unique_ptr<sqlite::Database>> OpenQueueFile(
    const std::string& path, std::chrono::milliseconds busy_timeout) {
  auto database = sqlite::Database::Open(path, {busy_timeout, true});
  if (!database) return Unexpected<BrokerError>(ToBrokerError(database.error()));
  if (auto migrated = Migrate(**database); !migrated)
    return Unexpected<BrokerError>(migrated.error());
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
