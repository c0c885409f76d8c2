#include "ledger/sqlite/sqlite_migrator.h"

#include <algorithm>
#include <filesystem>

#include "base/fault_point.h"
#include "ledger/sqlite/sql.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

// Another instance's migration of a large ledger is worth waiting for.
constexpr std::chrono::milliseconds kLeastPatience(30'000);

constexpr int kWanted = sql::kMigrations.back().version;

LedgerError Newer(int version) {
  return {LedgerFault::kStatement, "SQLITE_SCHEMA",
          "the ledger's schema is version " + std::to_string(version) +
              ", made by a newer deadletter; this one knows " + std::to_string(kWanted) +
              ": install the newer program"};
}

}  // namespace

SqliteMigrator::SqliteMigrator(SqliteLedgerOptions options)
    : options_(std::move(options)),
      file_(options_.path, std::max(options_.lock_timeout, kLeastPatience)) {}

LedgerResult<SchemaStatus> SqliteMigrator::Status() {
  std::error_code ignored;
  if (!std::filesystem::exists(options_.path, ignored)) return SchemaStatus{0, kWanted};
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const auto version = ReadVersion(**database);
  if (!version) return Unexpected<LedgerError>(version.error());
  // The table of executions is a step of its own after the migrations: whoever was killed before
  // it, or only observed until now, is one step behind.
  if (*version == kWanted && MakesExecutionTable()) {
    const auto there = HasTable(**database, options_.executions.table);
    if (!there) return Unexpected<LedgerError>(there.error());
    if (!*there) return SchemaStatus{kWanted - 1, kWanted};
  }
  return SchemaStatus{*version, kWanted};
}

LedgerResult<bool> SqliteMigrator::HasTable(sqlite::Database& database, const std::string& name) {
  auto table = database.Prepare(sql::kFindTable);
  table.Bind(name, "main");
  const bool there = table.Next() && table.Bool(0);
  if (table.error()) return file_.Failed(*table.error());
  return there;
}

LedgerResult<int> SqliteMigrator::ReadVersion(sqlite::Database& database) {
  const auto there = HasTable(database, "deadletter_schema");
  if (!there) return Unexpected<LedgerError>(there.error());
  if (!*there) return 0;
  auto version = database.Prepare(sql::kSchemaVersion);
  const int found = version.Next() ? static_cast<int>(version.Int64(0)) : 0;
  if (version.error()) return file_.Failed(*version.error());
  return found;
}

LedgerResult<std::vector<std::string>> SqliteMigrator::Migrate() {
  std::vector<std::string> run;
  auto database = file_.OpenOrCreate();
  if (!database) return Unexpected<LedgerError>(database.error());
  while (true) {
    auto migrated = MigrateOnce(**database);
    if (!migrated) return Unexpected<LedgerError>(migrated.error());
    if (migrated->empty()) break;
    run.push_back(std::move(*migrated));
  }
  if (MakesExecutionTable()) {
    if (auto made = MakeExecutionTable(**database); !made)
      return Unexpected<LedgerError>(made.error());
  }
  return run;
}

// The write lock is taken before the version is read: of several instances one migrates, and the
// others find it done.
LedgerResult<std::string> SqliteMigrator::MigrateOnce(sqlite::Database& database) {
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  const auto version = ReadVersion(database);
  if (!version) return Unexpected<LedgerError>(version.error());
  if (*version > kWanted) return Unexpected<LedgerError>(Newer(*version));
  const auto next = std::ranges::find(sql::kMigrations, *version + 1, &Migration::version);
  if (next == sql::kMigrations.end()) return std::string();

  fault::Hit("migrate.before");
  const std::string name = next->FileName();
  static_cast<void>(database.Execute(std::string(sql::kSchemaTable)));
  static_cast<void>(database.Execute(std::string(next->sql)));
  static_cast<void>(
      database.Prepare(sql::kRecordMigration).Bind(next->version, name, SystemClock().Now()).Run());
  fault::Hit("migrate.written");
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  fault::Hit("migrate.after");
  return name;
}

bool SqliteMigrator::MakesExecutionTable() const {
  return options_.mode == ExecutionsMode::kFail &&
         options_.executions.table == ExecutionTable().table;
}

LedgerResult<void> SqliteMigrator::MakeExecutionTable(sqlite::Database& database) {
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  const auto there = HasTable(database, options_.executions.table);
  if (!there) return Unexpected<LedgerError>(there.error());
  // A table that is already there is the user's, whatever it looks like.
  if (!*there) static_cast<void>(database.Execute(std::string(sql::kExecutionTable)));
  return file_.Commit(*transaction);
}

std::string SqliteMigrator::Print() const {
  std::string text =
      "-- " + options_.path +
      ": SQLite asks for no grants; who may write the file and its folder may do all.\n\n";
  text += sql::kSchemaTable;
  for (const Migration& migration : sql::kMigrations) {
    text += "\n-- " + migration.FileName() + "\n";
    text += migration.sql;
  }
  if (MakesExecutionTable()) text += "\n" + std::string(sql::kExecutionTable);
  return text;
}

}  // namespace deadletter
