#include "ledger/sqlite/sqlite_settlement.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "base/fault_point.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/settle_run.h"
#include "ledger/sqlite/sql.h"

namespace deadletter {

namespace sql = sqlite::sql;

SqliteSettlement::SqliteSettlement(SqliteLedgerOptions options)
    : options_(std::move(options)),
      file_(options_.path, options_.lock_timeout, PageCache::k32Mebibytes) {}

LedgerResult<sqlite::Database*> SqliteSettlement::Open() {
  auto database = file_.Open();
  if (!database || options_.mode == ExecutionsMode::kObserve) return database;
  if (sql_ && known_ == file_.generation()) return database;
  sql_.reset();
  auto made = ExecutionSql::Make(**database, options_.executions);
  if (!made) return file_.Failed(made.error());
  sql_ = std::move(*made);
  known_ = file_.generation();
  return database;
}

LedgerResult<std::vector<SettledLetter>> SqliteSettlement::Settle(std::span<const Judgement> batch,
                                                                  LockedRows /*locked*/) {
  return SettleIn(batch, Turn::kFirst);
}

LedgerResult<std::vector<SettledLetter>> SqliteSettlement::SettleAgain(
    std::span<const Judgement> batch, LockedRows /*locked*/) {
  return SettleIn(batch, Turn::kAgain);
}

LedgerResult<std::vector<SettledLetter>> SqliteSettlement::SettleIn(
    std::span<const Judgement> batch, Turn turn) {
  if (batch.empty()) return std::vector<SettledLetter>();
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  fault::Hit("settle.before");
  auto settled = RunIn(**database, batch, turn);
  if (!settled) return settled;
  fault::Hit("settle.after");
  fault::Hit("commit.before");
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  fault::Hit("commit.after");
  return settled;
}

// Its statements are given back before the commit: one that still stands on a row would keep the
// log from being copied back into the file.
LedgerResult<std::vector<SettledLetter>> SqliteSettlement::RunIn(sqlite::Database& database,
                                                                 std::span<const Judgement> batch,
                                                                 Turn turn) {
  SettleRun run(database, sql_ ? &*sql_ : nullptr, options_, SystemClock().Now());
  auto settled = turn == Turn::kFirst ? run.FirstTime(batch) : run.Again(batch);
  if (run.refusal()) return Unexpected<LedgerError>(*run.refusal());
  return settled;
}

LedgerResult<std::vector<DueLetter>> SqliteSettlement::TakeDue(Instant now, std::size_t limit,
                                                               std::size_t max_bytes,
                                                               std::chrono::milliseconds lease) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  // Mostly there is nothing, and then nobody's write is held up.
  auto any = ReadDue(**database, now, 1, 0);
  if (!any || any->empty()) return any;

  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  auto due = ReadDue(**database, now, limit, max_bytes);
  if (!due) return due;
  auto put_off = (*database)->Prepare(sql::kPutOffLetter);
  for (const DueLetter& letter : *due) {
    static_cast<void>(put_off.Bind(BlobOf(letter.id), now + lease).Run());
  }
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  return due;
}

LedgerResult<std::vector<DueLetter>> SqliteSettlement::ReadDue(sqlite::Database& database,
                                                               Instant now, std::size_t limit,
                                                               std::size_t max_bytes) {
  std::vector<DueLetter> due;
  std::size_t bytes = 0;
  auto rows = database.Prepare(sql::kDueLetters);
  rows.Bind(now, limit);
  while ((due.empty() || bytes < max_bytes) && rows.Next()) {
    DueLetter letter;
    letter.id = LetterId(ReadUuid(rows, 0));
    letter.outcome = OutcomeFromName(rows.Text(1)).value_or(Outcome::kRefused);
    letter.tries = static_cast<int>(rows.Int64(2));
    letter.delivery.dead_letter_queue = rows.Text(3);
    letter.delivery.exchange = rows.Text(4);
    letter.delivery.routing_key = rows.Text(5);
    letter.delivery.redelivered = rows.Bool(6);
    letter.delivery.received_at = rows.Time(7);
    if (auto message = ReadMessage(rows, 8); message) {
      letter.delivery.message = std::move(*message);
    } else {
      letter.unreadable = message.error().message;
    }
    bytes += letter.delivery.BufferedBytes();
    due.push_back(std::move(letter));
  }
  if (rows.error()) return file_.Failed(*rows.error());
  return due;
}

LedgerResult<void> SqliteSettlement::BringForward(Instant now,
                                                  std::chrono::microseconds longest_deferred,
                                                  std::chrono::microseconds longest_refused) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  // Mostly there is none, and then nobody's write is held up.
  {
    auto stranded = (*database)->Prepare(sql::kStrandedLetters);
    stranded.Bind(now, now + longest_deferred, now + longest_refused);
    const bool any = stranded.Next();
    if (stranded.error()) return file_.Failed(*stranded.error());
    if (!any) return {};
  }
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  static_cast<void>((*database)
                        ->Prepare(sql::kBringForwardLetters)
                        .Bind(now, now + longest_deferred, now + longest_refused)
                        .Run());
  return file_.Commit(*transaction);
}

LedgerResult<std::size_t> SqliteSettlement::CloseFinished(std::size_t limit) {
  if (options_.mode == ExecutionsMode::kObserve || limit == 0) return 0;
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  if (auto released = ReleaseFinished(**database, limit); !released)
    return Unexpected<LedgerError>(released.error());
  const auto finished = FindFinished(**database, limit);
  if (!finished) return Unexpected<LedgerError>(finished.error());
  if (finished->empty()) return 0;

  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  std::size_t closed = 0;
  const Instant now = SystemClock().Now();
  auto close = (*database)->Prepare(sql::kCloseLetter);
  auto step = (*database)->Prepare(sql::kAddStep);
  for (const Finished& letter : *finished) {
    static_cast<void>(close.Bind(BlobOf(letter.id), letter.outcome, now).Run());
    if ((*database)->changes() == 0) continue;  // somebody was faster
    static_cast<void>(
        step.Bind(BlobOf(letter.id), now, "closed", "the execution is " + letter.status).Run());
    ++closed;
  }
  auto count = (*database)->Prepare(sql::kCountLetters);
  const auto moved = static_cast<std::int64_t>(closed);
  static_cast<void>(count.Bind(LetterStateName(LetterState::kOpen), -moved).Run());
  static_cast<void>(count.Bind(LetterStateName(LetterState::kClosed), moved).Run());
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  return closed;
}

LedgerResult<std::vector<SqliteSettlement::Finished>> SqliteSettlement::FindFinished(
    sqlite::Database& database, std::size_t limit) {
  std::vector<Finished> finished;
  std::size_t seen = 0;
  const std::string after = watched_;
  auto letters = database.Prepare(sql::kWatchedLetters);
  auto status = database.Prepare(sql_->status);
  letters.Bind(sqlite::Blob{after}, limit);
  while (letters.Next()) {
    ++seen;
    watched_ = letters.Text(0);
    const std::string outcome = letters.Text(1);
    // An id of a type that is configured no longer names no row.
    const auto id = ParseExecutionId(options_.executions.id_type, letters.Text(2));
    auto now = id ? StatusOf(status, *id) : std::nullopt;
    if (!now || !Closes(*now, outcome)) continue;
    finished.push_back({LetterId(ReadUuid(letters, 0)), outcome, std::move(*now)});
  }
  if (seen < limit) watched_.clear();
  if (letters.error()) return file_.Failed(*letters.error());
  if (status.error()) return file_.Failed(*status.error());
  return finished;
}

LedgerResult<void> SqliteSettlement::ReleaseFinished(sqlite::Database& database,
                                                     std::size_t limit) {
  const auto released = FindReleased(database, limit);
  if (!released) return Unexpected<LedgerError>(released.error());
  if (released->empty()) return {};
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  auto release = database.Prepare(sql::kReleaseExecution);
  for (const Owner& owner : *released) {
    static_cast<void>(release.Bind(owner.execution_id, sqlite::Blob{owner.replay_id}).Run());
  }
  return file_.Commit(*transaction);
}

LedgerResult<std::vector<SqliteSettlement::Owner>> SqliteSettlement::FindReleased(
    sqlite::Database& database, std::size_t limit) {
  std::vector<Owner> released;
  std::size_t seen = 0;
  const std::optional<std::string> after = std::exchange(watched_owner_, std::nullopt);
  auto owners = database.Prepare(sql::kWatchedOwners);
  auto status = database.Prepare(sql_->status);
  owners.Bind(after, limit);
  while (owners.Next()) {
    Owner owner{owners.Text(0), owners.Text(1)};
    if (++seen == limit) watched_owner_ = owner.execution_id;
    const auto id = ParseExecutionId(options_.executions.id_type, owner.execution_id);
    if (!id) continue;
    const auto now = StatusOf(status, *id);
    if (!status.error() && (!now || IsFinal(*now))) released.push_back(std::move(owner));
  }
  if (owners.error()) return file_.Failed(*owners.error());
  if (status.error()) return file_.Failed(*status.error());
  return released;
}

std::optional<std::string> SqliteSettlement::StatusOf(sqlite::Statement& status,
                                                      const ExecutionId& id) const {
  std::optional<std::string> found;
  sql_->Store(id).Visit([&](const auto& stored) {
    status.Bind(stored);
    if (status.Next()) found = status.Text(0);
  });
  return found;
}

bool SqliteSettlement::Closes(const std::string& status, const std::string& outcome) const {
  // The status that we wrote ourselves is final, too; only another one says that the matter went
  // on.
  if (outcome == OutcomeName(Outcome::kFailed) && status == options_.executions.failed)
    return false;
  return IsFinal(status);
}

bool SqliteSettlement::IsFinal(const std::string& status) const {
  const auto& finals = options_.executions.final_statuses;
  return std::ranges::find(finals, status) != finals.end();
}

LedgerResult<void> SqliteSettlement::Probe() {
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  static_cast<void>((*database)->Prepare(sql::kProbe).Run());
  if (sql_) {
    // Without an id it finds no row, and yet every name in it must fit the platform's table.
    static_cast<void>((*database)->Prepare(sql_->fail).Run());
    static_cast<void>((*database)->Prepare(sql_->moved).Run());
    static_cast<void>((*database)->Prepare(sql_->standing).Run());
  }
  if (transaction->error()) return file_.Failed(*transaction->error());
  // Until now nothing has left our memory, and a full disk would not have been noticed.
  if (const int code = sqlite3_db_cacheflush((*database)->handle()); code != SQLITE_OK) {
    return file_.Failed({code, options_.path + ": " + sqlite3_errstr(code)});
  }
  return {};
}

LedgerResult<void> SqliteSettlement::Rehearse(std::span<const Judgement> batch) {
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  if (auto settled = RunIn(**database, batch, Turn::kFirst); !settled)
    return Unexpected<LedgerError>(settled.error());
  if (transaction->error()) return file_.Failed(*transaction->error());
  return {};
}

}  // namespace deadletter
