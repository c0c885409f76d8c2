#include "ledger/sqlite/sqlite_outbox.h"

#include <algorithm>

#include "base/fault_point.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/sql.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

OutboxKind KindFromName(std::string_view name) {
  if (name == "retry") return OutboxKind::kRetry;
  return name == "submit" ? OutboxKind::kSubmit : OutboxKind::kEvent;
}

}  // namespace

SqliteOutbox::SqliteOutbox(const SqliteLedgerOptions& options)
    : file_(options.path, options.lock_timeout) {}

LedgerResult<std::vector<OutboxEntry>> SqliteOutbox::Claim(Instant now, std::size_t limit,
                                                           std::size_t max_bytes,
                                                           std::chrono::milliseconds lease) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  // An idle relay only reads: it neither holds up a settle nor wakes the disk.
  auto any = ReadDue(**database, now, std::min<std::size_t>(limit, 1), 0);
  if (!any || any->empty()) return any;

  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  auto entries = ReadDue(**database, now, limit, max_bytes);
  if (!entries) return entries;
  auto take = (*database)->Prepare(sql::kLeaseOutbox);
  for (const OutboxEntry& entry : *entries)
    static_cast<void>(take.Bind(entry.id, now + lease).Run());
  fault::Hit("claim.before");
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  fault::Hit("claim.after");
  std::ranges::sort(*entries, {}, &OutboxEntry::id);
  return entries;
}

LedgerResult<std::vector<OutboxEntry>> SqliteOutbox::ReadDue(sqlite::Database& database,
                                                             Instant now, std::size_t limit,
                                                             std::size_t max_bytes) {
  std::vector<OutboxEntry> entries;
  std::size_t bytes = 0;
  auto rows = database.Prepare(sql::kDueOutbox);
  rows.Bind(now, limit);
  while ((entries.empty() || bytes < max_bytes) && rows.Next()) {
    OutboxEntry entry;
    entry.id = rows.Int64(0);
    entry.kind = KindFromName(rows.Text(1));
    entry.address = {rows.Text(2), rows.Text(3)};
    entry.attempts = static_cast<int>(rows.Int64(4));
    if (auto message = ReadMessage(rows, 5); message) {
      entry.message = std::move(*message);
    } else {
      entry.withheld = message.error().message;
    }
    bytes += entry.message.body.size();
    entries.push_back(std::move(entry));
  }
  if (rows.error()) return file_.Failed(*rows.error());
  return entries;
}

LedgerResult<void> SqliteOutbox::Mark(std::span<const OutboxResult> results) {
  if (results.empty()) return {};
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  const Instant now = SystemClock().Now();
  auto note = (*database)->Prepare(sql::kNotePublished);
  auto remove = (*database)->Prepare(sql::kDeleteOutbox);
  auto postpone = (*database)->Prepare(sql::kPostponeOutbox);
  auto put_back = (*database)->Prepare(sql::kPutBackOutbox);
  for (const OutboxResult& result : results) {
    switch (result.mark) {
      case OutboxMark::kPublished:
        static_cast<void>(note.Bind(result.id, now).Run());
        static_cast<void>(remove.Bind(result.id).Run());
        break;
      case OutboxMark::kUnroutable:
        static_cast<void>(postpone.Bind(result.id, result.retry_at, true, result.detail).Run());
        break;
      case OutboxMark::kAgain:
        static_cast<void>(postpone.Bind(result.id, result.retry_at, false, result.detail).Run());
        break;
      case OutboxMark::kUntried:
        static_cast<void>(put_back.Bind(result.id, result.retry_at, result.detail).Run());
        break;
    }
  }
  fault::Hit("mark.before");
  if (auto committed = file_.Commit(*transaction); !committed) return committed;
  fault::Hit("mark.after");
  return {};
}

LedgerResult<void> SqliteOutbox::BringForward(Instant now, std::chrono::microseconds longest_wait) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  // Mostly there is none, and then nobody's write is held up.
  {
    auto stranded = (*database)->Prepare(sql::kStrandedOutbox);
    stranded.Bind(now, now + longest_wait);
    const bool any = stranded.Next();
    if (stranded.error()) return file_.Failed(*stranded.error());
    if (!any) return {};
  }
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  static_cast<void>(
      (*database)->Prepare(sql::kBringForwardOutbox).Bind(now, now + longest_wait).Run());
  return file_.Commit(*transaction);
}

LedgerResult<OutboxBacklog> SqliteOutbox::Backlog(Instant now) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  OutboxBacklog backlog;
  auto row = (*database)->Prepare(sql::kOutboxBacklog);
  if (row.Next()) {
    backlog.pending = row.Int64(0);
    backlog.unroutable = row.Int64(1);
    if (const auto oldest = row.OptionalTime(2))
      backlog.oldest = std::max(Microseconds(0), now - *oldest);
    backlog.unroutable_submissions = row.Int64(3);
  }
  if (row.error()) return file_.Failed(*row.error());
  return backlog;
}

}  // namespace deadletter
