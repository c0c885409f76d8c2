#include "ledger/postgres/migrator.h"

#include <utility>

#include "base/fault_point.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

// Another instance's migration is waited for as long as a statement may take; none of ours waits
// for rows.
constexpr std::chrono::minutes kLockTimeout{1};
// A migration that builds an index over a full ledger takes as long as that takes: one that were
// given up would begin anew each time and never end.
constexpr std::chrono::hours kMigrationLimit{24};
constexpr std::string_view kBegin = "BEGIN;\nSET LOCAL statement_timeout = 0;\n";

std::string MigrationSql(const Migration& migration, const std::string& schema) {
  return FillIn(migration.sql, {{"schema", schema}}) +
         FillIn(sql::kMigrationDone, {{"schema", schema},
                                      {"version", std::to_string(migration.version)},
                                      {"name", migration.FileName()}});
}

}  // namespace

PostgresMigrator::PostgresMigrator(const Options& options)
    : schema_name_(options.schema),
      schema_(QuotedName(options.schema)),
      table_(options.executions),
      mode_(options.mode),
      connection_(options.url, options.schema, kLockTimeout, options.statement_timeout) {}

LedgerResult<SchemaStatus> PostgresMigrator::Status() {
  SchemaStatus status{.version = 0, .wanted = sql::kMigrations.back().version};
  Statement exists{.sql = std::string(sql::kMigrationExists), .parameters = {}};
  exists.parameters.Bytes(schema_);
  const auto found = connection_.Run(exists);
  if (!found) return tl::unexpected(found.error());
  if (!found->Bool(0, 1)) return status;
  const auto version = connection_.Run(
      {.sql = FillIn(sql::kMigrationVersion, {{"schema", schema_}}), .parameters = {}});
  if (!version) return tl::unexpected(version.error());
  status.version = static_cast<int>(version->Number(0, 0));
  return status;
}

LedgerResult<std::vector<std::string>> PostgresMigrator::Migrate() {
  Statement lock{.sql = std::string(sql::kMigrationLock), .parameters = {}};
  lock.parameters.Bytes(schema_name_);
  if (const auto locked = connection_.Run(lock); !locked) return tl::unexpected(locked.error());
  auto done = MigrateLocked();
  Statement unlock{.sql = std::string(sql::kMigrationUnlock), .parameters = {}};
  unlock.parameters.Bytes(schema_name_);
  // A lock that cannot be given back has gone with its connection.
  (void)connection_.Run(unlock);
  return done;
}

LedgerResult<std::vector<std::string>> PostgresMigrator::MigrateLocked() {
  if (auto made = MakeSchema(); !made) return tl::unexpected(made.error());
  const auto status = Status();
  if (!status) return tl::unexpected(status.error());
  if (status->IsNewer()) {
    return tl::unexpected(LedgerError{
        .fault = LedgerFault::kStatement,
        .code = "",
        .message = "schema " + schema_ + " is version " + std::to_string(status->version) +
                   ", made by a newer program; this one knows " + std::to_string(status->wanted)});
  }
  std::vector<std::string> names;
  for (const Migration& migration : sql::kMigrations) {
    if (migration.version <= status->version) continue;
    fault::Hit("migrate.before");
    const auto ran = connection_.RunScript(
        std::string(kBegin) + MigrationSql(migration, schema_) + "COMMIT;", kMigrationLimit);
    if (!ran) return tl::unexpected(ran.error());
    fault::Hit("migrate.after");
    names.push_back(migration.FileName());
  }
  return names;
}

// Asking first: CREATE … IF NOT EXISTS wants the right to create even where nothing is to be
// created.
LedgerResult<void> PostgresMigrator::MakeSchema() {
  Statement exists{.sql = std::string(sql::kMigrationExists), .parameters = {}};
  exists.parameters.Bytes(schema_);
  const auto found = connection_.Run(exists);
  if (!found) return tl::unexpected(found.error());
  std::string script;
  if (!found->Bool(0, 0)) script += "CREATE SCHEMA " + schema_ + ";\n";
  if (!found->Bool(0, 1)) script += FillIn(sql::kMigrationTable, {{"schema", schema_}});
  if (script.empty()) return {};
  return connection_.RunScript("BEGIN;\n" + script + "COMMIT;");
}

std::string PostgresMigrator::Print() const {
  std::string printed =
      "CREATE SCHEMA " + schema_ + ";\n" + FillIn(sql::kMigrationTable, {{"schema", schema_}});
  for (const Migration& migration : sql::kMigrations)
    printed += "\n" + MigrationSql(migration, schema_);
  printed += "\n" + FillIn(sql::kGrants, {{"schema", schema_}});
  if (mode_ == ExecutionsMode::kObserve) return printed;
  std::string columns = QuotedName(table_.status);
  for (const auto* column : {&table_.result, &table_.error, &table_.updated, &table_.finished}) {
    if (!column->empty()) columns += ", " + QuotedName(*column);
  }
  const auto dot = table_.table.find('.');
  if (dot != std::string::npos) {
    printed += FillIn(sql::kGrantsPlatformSchema,
                      {{"platform_schema", QuotedName(table_.table.substr(0, dot))}});
  }
  return printed +
         FillIn(sql::kGrantsPlatform, {{"columns", columns}, {"table", QuotedTable(table_.table)}});
}

}  // namespace deadletter::postgres
