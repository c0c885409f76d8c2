#include "ledger/sqlite/sqlite_scratch.h"

#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/sqlite/execution_sql.h"
#include "ledger/sqlite/sql.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

// The handler writes to the same file, whole batches at a time.
constexpr std::chrono::seconds kPatienceWithWrites(30);

}  // namespace

SqliteScratch::SqliteScratch(SqliteLedgerOptions options)
    : options_(std::move(options)), file_(options_.path, kPatienceWithWrites) {}

LedgerResult<void> SqliteScratch::Make() {
  const auto database = file_.OpenOrCreate();
  if (!database) return Unexpected<LedgerError>(database.error());
  if (const auto made = (*database)->Execute(std::string(sql::kScratchRows)); !made)
    return file_.Failed(made.error());
  return {};
}

LedgerResult<void> SqliteScratch::InsertRow() {
  const auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  // Where this fails, the transaction does not commit.
  static_cast<void>((*database)->Prepare(sql::kScratchInsert).Run());
  return file_.Commit(*transaction);
}

LedgerResult<std::int64_t> SqliteScratch::CountExecutions(const std::string& status) {
  const auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const std::string count =
      FillIn(sql::kScratchCount, {{"table", QuotedTable(options_.executions.table)},
                                  {"status", QuotedName(options_.executions.status)}});
  auto rows = (*database)->Prepare(count);
  rows.Bind(status);
  const std::int64_t executions = rows.Next() ? rows.Int64(0) : 0;
  if (rows.error()) return file_.Failed(*rows.error());
  return executions;
}

}  // namespace deadletter
