#include "ledger/sqlite/sqlite_outbox.h"

#include <algorithm>
#include <utility>

#include "base/fault_point.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/sql.h"
#include "letter/retry_message.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

OutboxKind KindFromName(std::string_view name) {
  if (name == "retry") return OutboxKind::kRetry;
  return name == "submit" ? OutboxKind::kSubmit : OutboxKind::kEvent;
}

// Whether somebody must still wait for it, or it is not sent.
bool IsJudged(const OutboxEntry& entry) {
  return entry.kind == OutboxKind::kRetry && entry.withheld.empty();
}

}  // namespace

SqliteOutbox::SqliteOutbox(SqliteLedgerOptions options)
    : options_(std::move(options)), file_(options_.path, options_.lock_timeout) {}

LedgerResult<std::vector<OutboxEntry>> SqliteOutbox::Claim(Instant now, std::size_t limit,
                                                           std::size_t max_bytes,
                                                           std::chrono::milliseconds lease) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  // An idle relay only reads: it neither holds up a settle nor wakes the disk.
  const auto any = ReadDue(**database, now, std::min<std::size_t>(limit, 1), 0);
  if (!any) return Unexpected<LedgerError>(any.error());
  if (any->empty()) return std::vector<OutboxEntry>();

  const Wanted wanted{now, limit, max_bytes, lease};
  std::string blind;
  auto taken = TakeDue(**database, wanted, blind);
  // The platform's table could not be read, and nothing but retries may wait for that.
  if (!taken && !blind.empty()) taken = TakeDue(**database, wanted, blind);
  return taken;
}

LedgerResult<std::vector<OutboxEntry>> SqliteOutbox::TakeDue(sqlite::Database& database,
                                                             const Wanted& wanted,
                                                             std::string& blind) {
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  auto due = ReadDue(database, wanted.now, wanted.limit, wanted.max_bytes);
  if (!due) return Unexpected<LedgerError>(due.error());
  if (blind.empty()) {
    if (const auto withdrawn = Withdraw(database, *transaction, *due); !withdrawn) {
      blind = withdrawn.error().message;
      return Unexpected<LedgerError>(withdrawn.error());
    }
  }
  std::vector<OutboxEntry> entries;
  auto take = database.Prepare(sql::kLeaseOutbox);
  for (Due& one : *due) {
    if (!blind.empty() && IsJudged(one.entry))
      one.entry.withheld = "whether its execution still waits for it cannot be told: " + blind;
    static_cast<void>(take.Bind(one.entry.id, wanted.now + wanted.lease).Run());
    entries.push_back(std::move(one.entry));
  }
  fault::Hit("claim.before");
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  fault::Hit("claim.after");
  std::ranges::sort(entries, {}, &OutboxEntry::id);
  return entries;
}

LedgerResult<std::vector<SqliteOutbox::Due>> SqliteOutbox::ReadDue(sqlite::Database& database,
                                                                   Instant now, std::size_t limit,
                                                                   std::size_t max_bytes) {
  std::vector<Due> due;
  std::size_t bytes = 0;
  auto rows = database.Prepare(sql::kDueOutbox);
  rows.Bind(now, limit);
  while ((due.empty() || bytes < max_bytes) && rows.Next()) {
    Due one;
    one.entry.id = rows.Int64(0);
    one.entry.kind = KindFromName(rows.Text(1));
    one.entry.address = {rows.Text(2), rows.Text(3)};
    one.entry.attempts = static_cast<int>(rows.Int64(4));
    if (auto message = ReadMessage(rows, 5); message) {
      one.entry.message = std::move(*message);
    } else {
      one.entry.withheld = message.error().message;
    }
    one.execution_id = rows.Text(8);
    one.letter_id = rows.Text(9);
    bytes += one.entry.message.body.size();
    due.push_back(std::move(one));
  }
  if (rows.error()) return file_.Failed(*rows.error());
  return due;
}

LedgerResult<void> SqliteOutbox::Withdraw(sqlite::Database& database,
                                          const sqlite::Transaction& transaction,
                                          std::vector<Due>& due) {
  const auto is_judged = [](const Due& one) { return IsJudged(one.entry); };
  if (std::ranges::none_of(due, is_judged)) return {};
  if (auto learnt = Learn(database); !learnt) return learnt;
  const Instant now = SystemClock().Now();
  std::int64_t closed = 0;
  auto remove = database.Prepare(sql::kDeleteOutbox);
  auto close = database.Prepare(sql::kCloseRetriedLetter);
  auto step = database.Prepare(sql::kAddStep);
  std::erase_if(due, [&](const Due& one) {
    const auto why = is_judged(one) ? WhyUnwanted(database, one) : std::nullopt;
    if (!why) return false;
    static_cast<void>(remove.Bind(one.entry.id).Run());
    static_cast<void>(close.Bind(sqlite::Blob{one.letter_id}, now).Run());
    if (database.changes() == 0) return true;  // an operator was faster
    static_cast<void>(step.Bind(sqlite::Blob{one.letter_id}, now, "closed", *why).Run());
    ++closed;
    return true;
  });
  auto count = database.Prepare(sql::kCountLetters);
  static_cast<void>(count.Bind(LetterStateName(LetterState::kWaiting), -closed).Run());
  static_cast<void>(count.Bind(LetterStateName(LetterState::kClosed), closed).Run());
  if (transaction.error()) return file_.Failed(*transaction.error());
  return {};
}

LedgerResult<void> SqliteOutbox::Learn(sqlite::Database& database) {
  if (options_.mode == ExecutionsMode::kObserve) return {};
  if (sql_ && known_ == file_.generation()) return {};
  sql_.reset();
  auto made = ExecutionSql::Make(database, options_.executions);
  if (!made) return file_.Failed(made.error());
  sql_ = std::move(*made);
  known_ = file_.generation();
  return {};
}

// As part_judge_retry.sql has it over PostgreSQL: sent only where its letter, had it come now,
// would have been retried again.
std::optional<std::string> SqliteOutbox::WhyUnwanted(sqlite::Database& database,
                                                     const Due& retry) const {
  if (auto why = WhatTheRowSays(database, retry)) return why;
  const auto replay = ReplayIdOf(retry.entry.message.headers);
  auto owner = database.Prepare(sql::kWaitsForReplay);
  if (replay && owner.Bind(retry.execution_id, BlobOf(*replay)).Next()) return std::nullopt;
  return "the execution waits for it no longer";
}

std::optional<std::string> SqliteOutbox::WhatTheRowSays(sqlite::Database& database,
                                                        const Due& retry) const {
  if (!sql_) return std::nullopt;
  const auto id = ParseExecutionId(options_.executions.id_type, retry.execution_id);
  if (!id) return std::nullopt;  // executions.id_type is another by now
  std::optional<std::string> why = "the execution is gone";
  auto row = database.Prepare(sql_->status);
  const StoredId stored_id = sql_->Store(*id);
  stored_id.Visit([&](const auto& stored) {
    if (!row.Bind(stored).Next()) return;
    const auto status = row.OptionalText(0);
    const auto& failable = options_.executions.failable;
    if (!status) {
      why = "the execution has no status";
    } else if (std::ranges::find(failable, *status) == failable.end()) {
      why = "the execution is " + *status;
    } else {
      why.reset();
    }
  });
  return why;
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
