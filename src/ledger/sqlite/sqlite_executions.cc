#include "ledger/sqlite/sqlite_executions.h"

#include <boost/json.hpp>

#include "base/fault_point.h"
#include "base/rfc3339.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/sql.h"
#include "ledger/sqlite/sqlite_audit.h"
#include "ledger/submit_message.h"
#include "letter/field_json.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

Unexpected<LedgerError> NoId(const ExecutionTable& table) {
  return Unexpected<LedgerError>({LedgerFault::kStatement, "SQLITE_NULL",
                                  "the table " + table.table +
                                      " gave no id of the configured type: its column " + table.id +
                                      " needs a default"});
}

std::string IdsToJson(std::span<const ExecutionId> ids) {
  std::string json;
  for (const ExecutionId& id : ids) json += (json.empty() ? "[" : ",") + id.ToJson();
  return json + "]";
}

std::optional<std::vector<ExecutionId>> IdsFromJson(ExecutionIdType type, const std::string& json) {
  boost::json::error_code error;
  const boost::json::value read = boost::json::parse(json, error);
  if (error || !read.is_array()) return std::nullopt;
  std::vector<ExecutionId> ids;
  for (const boost::json::value& one : read.get_array()) {
    auto id = ParseExecutionId(
        type, one.is_string() ? std::string(one.get_string()) : boost::json::serialize(one));
    if (!id) return std::nullopt;
    ids.push_back(std::move(*id));
  }
  return ids;
}

// More than one that is added, so that they do not pile up.
constexpr std::int64_t kForgottenAtOnce = 100;

}  // namespace

SqliteExecutions::SqliteExecutions(SqliteLedgerOptions options)
    : options_(std::move(options)), file_(options_.path, options_.lock_timeout) {}

LedgerResult<sqlite::Database*> SqliteExecutions::Open() {
  auto database = file_.Open();
  if (!database || (sql_ && known_ == file_.generation())) return database;
  sql_.reset();
  auto made = ExecutionSql::Make(**database, options_.executions);
  if (!made) return file_.Failed(made.error());
  sql_ = std::move(*made);
  known_ = file_.generation();
  return database;
}

LedgerResult<std::vector<ExecutionId>> SqliteExecutions::Submit(
    std::span<const NewExecution> executions, Instant now, const std::optional<AuditEntry>& audit) {
  if (executions.empty()) return std::vector<ExecutionId>();
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  auto ids = SubmitAll(**database, executions, now, audit);
  if (!ids) return ids;
  fault::Hit("submit.before");
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  fault::Hit("submit.after");
  return ids;
}

LedgerResult<std::vector<ExecutionId>> SqliteExecutions::SubmitAll(
    sqlite::Database& database, std::span<const NewExecution> executions, Instant now,
    const std::optional<AuditEntry>& audit) {
  std::vector<ExecutionId> ids;
  for (const NewExecution& execution : executions) {
    auto id = SubmitOne(database, execution, now);
    if (!id) return Unexpected<LedgerError>(id.error());
    ids.push_back(std::move(*id));
  }
  if (audit) RecordInAudit(database, *audit);
  return ids;
}

LedgerResult<std::optional<KeyedSubmission>> SqliteExecutions::FindKeyed(const std::string& who,
                                                                         const std::string& key,
                                                                         Instant now) {
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  return ReadKeyed(**database, who, key, now);
}

LedgerResult<std::optional<KeyedSubmission>> SqliteExecutions::ReadKeyed(sqlite::Database& database,
                                                                         const std::string& who,
                                                                         const std::string& key,
                                                                         Instant now) {
  auto rows = database.Prepare(sql::kSubmissionFind);
  rows.Bind(who, key, now - kSubmissionKeyHours);
  std::optional<KeyedSubmission> known;
  if (rows.Next()) {
    auto ids = IdsFromJson(options_.executions.id_type, rows.Text(1));
    if (!ids) {
      return Unexpected<LedgerError>({LedgerFault::kStatement, "SQLITE_CORRUPT",
                                      "deadletter_submission: what the key stands for is damaged"});
    }
    known = KeyedSubmission{.fingerprint = rows.Text(0), .ids = std::move(*ids)};
  }
  if (rows.error()) return file_.Failed(*rows.error());
  return known;
}

// The write lock is taken first: of two with the same key the second finds what the first has
// committed.
LedgerResult<KeyedSubmission> SqliteExecutions::SubmitKeyed(
    std::span<const NewExecution> executions, Instant now, const std::optional<AuditEntry>& audit,
    const SubmissionKey& key) {
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  auto known = ReadKeyed(**database, key.who, key.key, now);
  if (!known) return Unexpected<LedgerError>(known.error());
  if (*known) return std::move(**known);
  auto ids = SubmitAll(**database, executions, now, audit);
  if (!ids) return Unexpected<LedgerError>(ids.error());
  // Where one of these fails, the transaction does not commit.
  static_cast<void>((*database)
                        ->Prepare(sql::kSubmissionForget)
                        .Bind(now - kSubmissionKeyHours, kForgottenAtOnce)
                        .Run());
  static_cast<void>((*database)
                        ->Prepare(sql::kSubmissionRemember)
                        .Bind(key.who, key.key, key.fingerprint, IdsToJson(*ids), now)
                        .Run());
  fault::Hit("submit.before");
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  fault::Hit("submit.after");
  return KeyedSubmission{.fingerprint = key.fingerprint, .ids = std::move(*ids)};
}

LedgerResult<ExecutionId> SqliteExecutions::SubmitOne(sqlite::Database& database,
                                                      const NewExecution& execution, Instant now) {
  const std::string now_text = FormatRfc3339(now);
  auto insert = database.Prepare(sql_->submit);
  insert.Bind(execution.action_ref, execution.worker_id, nullptr, now_text, now,
              options_.executions.replay_status);
  std::optional<ExecutionId> id;
  if (insert.Next()) id = sql_->ReadId(insert);
  if (auto inserted = insert.Run(); !inserted) return file_.Failed(inserted.error());
  if (!id) return NoId(options_.executions);
  // The stamp is what the row says once the platform's triggers have had their turn.
  auto row = Read(database, *id);
  if (!row) return Unexpected<LedgerError>(row.error());
  if (!*row) return NoId(options_.executions);
  const auto [address, message] = ComposeSubmission(execution, *id, (*row)->updated, now);
  const std::string text = id->ToString();
  const std::string properties = PropertiesToJson(message.properties);
  const std::string headers = FieldTableToJson(message.headers);
  auto outbox = database.Prepare(sql::kInsertOutbox);
  outbox.Bind("submit", nullptr, text, address.exchange, address.routing_key, properties, headers,
              now, sqlite::Blob{message.body});
  if (auto written = outbox.Run(); !written) return file_.Failed(written.error());
  return *id;
}

LedgerResult<std::optional<ExecutionRow>> SqliteExecutions::Find(const ExecutionId& id) {
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  return Read(**database, id);
}

LedgerResult<std::optional<ExecutionRow>> SqliteExecutions::Read(sqlite::Database& database,
                                                                 const ExecutionId& id) {
  auto rows = database.Prepare(sql_->row);
  std::optional<ExecutionRow> row;
  const StoredId stored = sql_->Store(id);
  stored.Visit([&](const auto& value) {
    rows.Bind(value);
    if (rows.Next()) {
      row = ExecutionRow{id, rows.Text(0), rows.OptionalText(1), rows.OptionalText(2),
                         rows.OptionalTime(3)};
    }
  });
  if (rows.error()) return file_.Failed(*rows.error());
  return row;
}

LedgerResult<std::optional<ExecutionStanding>> SqliteExecutions::FindStanding(
    const ExecutionId& id, const MessageAttempt& attempt) {
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const std::string execution = id.ToString();
  std::optional<sqlite::Blob> replay;
  if (attempt.replay_id) replay = BlobOf(*attempt.replay_id);
  std::optional<Instant> from;
  if (attempt.window) from = attempt.window->from;
  auto rows = (*database)->Prepare(sql_->message_standing);
  std::optional<ExecutionStanding> standing;
  const StoredId stored = sql_->Store(id);
  stored.Visit([&](const auto& value) {
    rows.Bind(execution, replay, from, value);
    if (rows.Next()) {
      standing = ExecutionStanding{
          .status = rows.Text(0), .is_failable = rows.Bool(1), .waits_for_another = rows.Bool(2)};
    }
  });
  if (rows.error()) return file_.Failed(*rows.error());
  return standing;
}

LedgerResult<bool> SqliteExecutions::FinishIfFailable(const ExecutionId& id,
                                                      const MessageAttempt& attempt,
                                                      const std::string& status,
                                                      const std::string& result_json) {
  auto database = Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  fault::Hit("finish.before");
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  const Instant now = SystemClock().Now();
  const std::string now_text = FormatRfc3339(now);
  const std::string execution = id.ToString();
  std::optional<Instant> from;
  std::optional<Instant> until;
  if (attempt.window) {
    from = attempt.window->from;
    until = attempt.window->until;
  }
  std::optional<sqlite::Blob> replay;
  if (attempt.replay_id) replay = BlobOf(*attempt.replay_id);
  auto finish = (*database)->Prepare(sql_->finish);
  const StoredId stored = sql_->Store(id);
  stored.Visit([&](const auto& value) {
    finish.Bind(status, result_json, nullptr, now_text, now, from, until, replay, execution, value);
    static_cast<void>(finish.Run());
  });
  const bool changed = !finish.error() && (*database)->changes() > 0;
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  return changed;
}

}  // namespace deadletter
