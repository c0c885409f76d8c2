#include "ledger/postgres/scratch.h"

#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

constexpr std::chrono::seconds kWaitForSessions{20};   // ours that were told to end a moment ago
constexpr std::chrono::minutes kLongestStatement{10};  // a vacuum after a million rows
constexpr std::chrono::seconds kLongestAnswer = kLongestStatement + std::chrono::seconds(30);
constexpr std::string_view kMayNot = "42501";
constexpr std::string_view kComment =
    "deadletter bench: made for a measurement, and removed by it or by the next one";

std::string PatternOfPlaces() {
  return "^" + std::string(kScratchPrefix) + "[0-9a-f]{" + std::to_string(kScratchDigits) + "}$";
}

Statement Named(std::string_view sql, const std::string& name) {
  Statement statement{.sql = std::string(sql), .parameters = {}};
  statement.parameters.Bytes(name);
  return statement;
}

}  // namespace

PostgresScratch::PostgresScratch(const Options& options)
    : schema_name_(options.schema),
      schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, kWaitForSessions, kLongestStatement) {}

LedgerResult<void> PostgresScratch::Make() {
  const auto locked = Lock(schema_name_);
  if (!locked) return tl::unexpected(locked.error());
  if (!*locked) {
    return tl::unexpected(LedgerError{.fault = LedgerFault::kStatement,
                                      .code = "",
                                      .message = "schema " + schema_name_ + " is somebody else's"});
  }
  const auto made = connection_.RunScript(
      "BEGIN;\n" + FillIn(sql::kScratchMake, {{"schema", schema_}, {"comment", kComment}}) +
      "COMMIT;");
  if (!made) return tl::unexpected(WithTheGrant(made.error()));
  return {};
}

LedgerError PostgresScratch::WithTheGrant(LedgerError error) {
  if (error.code != kMayNot) return error;
  const auto who = connection_.Run({.sql = std::string(sql::kScratchWho), .parameters = {}});
  if (!who) return error;
  error.message += "; bench makes a schema of its own and removes it: GRANT CREATE ON DATABASE " +
                   std::string(who->Bytes(0, 0)) + " TO " + std::string(who->Bytes(0, 1)) + ";";
  return error;
}

LedgerResult<void> PostgresScratch::Tidy() {
  return connection_.RunScript(
      "VACUUM (ANALYZE) " + schema_ + ".execution, " + schema_ + ".outbox, " + schema_ + ".letter",
      kLongestAnswer);
}

LedgerResult<void> PostgresScratch::InsertRow() {
  const auto inserted = connection_.Run(
      {.sql = FillIn(sql::kScratchInsert, {{"schema", schema_}}), .parameters = {}});
  if (!inserted) return tl::unexpected(inserted.error());
  return {};
}

LedgerResult<std::int64_t> PostgresScratch::CountExecutions(const std::string& status) {
  const auto rows =
      connection_.Run(Named(FillIn(sql::kScratchCount, {{"schema", schema_}}), status));
  if (!rows) return tl::unexpected(rows.error());
  return rows->Number(0, 0);
}

LedgerResult<void> PostgresScratch::Remove() {
  auto dropped = Drop(schema_name_);
  Unlock(schema_name_);
  return dropped;
}

LedgerResult<std::vector<std::string>> PostgresScratch::RemoveAbandoned() {
  Statement look = Named(sql::kScratchPlaces, PatternOfPlaces());
  look.parameters.Bytes(std::string(kComment));
  const auto places = connection_.Run(look);
  if (!places) return tl::unexpected(places.error());
  std::vector<std::string> removed;
  for (int row = 0; row < places->size(); ++row) {
    const std::string name(places->Bytes(row, 0));
    const auto locked = Lock(name);
    if (!locked) return tl::unexpected(locked.error());
    if (!*locked) continue;  // its owner lives
    const auto dropped = Drop(name);
    Unlock(name);
    // One that cannot be removed (somebody has put a thing of his own there, or reads it) keeps
    // nobody from measuring.
    if (dropped) removed.push_back(name);
  }
  return removed;
}

LedgerResult<bool> PostgresScratch::Lock(const std::string& name) {
  const auto locked = connection_.Run(Named(sql::kScratchLock, name));
  if (!locked) return tl::unexpected(locked.error());
  return locked->Bool(0, 0);
}

void PostgresScratch::Unlock(const std::string& name) {
  // A lock that cannot be given back has gone with its session.
  (void)connection_.Run(Named(sql::kScratchUnlock, name));
}

LedgerResult<void> PostgresScratch::Drop(const std::string& name) {
  return connection_.RunScript("DROP SCHEMA IF EXISTS " + QuotedName(name) + " CASCADE",
                               kLongestAnswer);
}

}  // namespace deadletter::postgres
