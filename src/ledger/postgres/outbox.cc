#include "ledger/postgres/outbox.h"

#include <algorithm>
#include <utility>

#include "base/fault_point.h"
#include "base/text.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/sql.h"
#include "ledger/postgres/stored_message.h"
#include "ledger/submit_message.h"
#include "letter/outcome.h"
#include "letter/retry_message.h"

namespace deadletter::postgres {
namespace {

OutboxKind KindOf(std::string_view name) {
  if (name == "event") return OutboxKind::kEvent;
  return name == "retry" ? OutboxKind::kRetry : OutboxKind::kSubmit;
}

OutboxEntry ReadOutboxEntry(const Rows& rows, int row) {
  OutboxEntry entry;
  entry.id = rows.Number(row, 0);
  entry.kind = KindOf(rows.Bytes(row, 1));
  entry.address = {.exchange = std::string(rows.Bytes(row, 2)),
                   .routing_key = std::string(rows.Bytes(row, 3))};
  if (entry.kind == OutboxKind::kEvent) {
    entry.message.properties = EventProperties(rows.Id(row, 4));
  } else {
    entry.withheld = ReadStored(rows, row, 5, entry.message);
  }
  entry.message.body = rows.Bytes(row, 7);
  entry.attempts = static_cast<int>(rows.Number(row, 8));
  return entry;
}

}  // namespace

PostgresOutbox::PostgresOutbox(const Options& options)
    : options_(options),
      schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout),
      platform_(options.executions) {}

LedgerResult<std::vector<OutboxEntry>> PostgresOutbox::Claim(Instant now, std::size_t limit,
                                                             std::size_t max_bytes,
                                                             std::chrono::milliseconds lease) {
  Statement claim{.sql = FillIn(sql::kOutboxClaim, {{"schema", schema_}}), .parameters = {}};
  claim.parameters.Moment(now)
      .Number(static_cast<std::int64_t>(limit))
      .Number(static_cast<std::int64_t>(std::min<std::size_t>(max_bytes, INT64_MAX)))
      .Moment(now + lease);
  fault::Hit("claim.before");
  const auto rows = connection_.Run(claim);
  if (!rows) return tl::unexpected(rows.error());
  fault::Hit("claim.after");
  std::vector<OutboxEntry> entries;
  std::vector<Retry> retries;
  for (int row = 0; row < rows->size(); ++row) {
    entries.push_back(ReadOutboxEntry(*rows, row));
    const OutboxEntry& entry = entries.back();
    if (entry.kind != OutboxKind::kRetry || !entry.withheld.empty()) continue;
    retries.push_back(
        {entry.id, std::string(rows->Bytes(row, 9)), ReplayIdOf(entry.message.headers)});
  }
  if (!retries.empty()) Withdraw(retries, entries);
  return entries;
}

// A second statement and not a part of the claim, for which the platform's table would have to be
// known and readable before any event could leave. If we die between the two, the lease ends and
// they are claimed, and asked about, again.
void PostgresOutbox::Withdraw(std::span<const Retry> retries, std::vector<OutboxEntry>& entries) {
  const auto unwanted = FindUnwanted(retries);
  if (unwanted) {
    std::erase_if(entries, [&](const OutboxEntry& entry) { return unwanted->contains(entry.id); });
    return;
  }
  if (unwanted.error().fault == LedgerFault::kStatement) platform_.Forget();
  for (OutboxEntry& entry : entries) {
    if (entry.kind != OutboxKind::kRetry || !entry.withheld.empty()) continue;
    entry.withheld =
        "whether its execution still waits for it cannot be told: " + unwanted.error().message;
  }
}

LedgerResult<std::set<std::int64_t>> PostgresOutbox::FindUnwanted(std::span<const Retry> retries) {
  const bool observes = options_.mode == ExecutionsMode::kObserve;
  PlatformSql sql;
  sql.id_param = "text";
  if (!observes) {
    const auto learnt = platform_.Learn(connection_);
    if (!learnt) return tl::unexpected(learnt.error());
    sql = **learnt;
  }
  BinaryArray ids(ElementType::kInt8);
  BinaryArray execution_ids(ElementType::kBytea);
  BinaryArray replays(ElementType::kUuid);
  BinaryArray executions = observes ? BinaryArray(ElementType::kText) : platform_.IdArray();
  for (const Retry& retry : retries) {
    ids.AddNumber(retry.id);
    execution_ids.AddBytes(std::string_view(retry.execution_id));
    retry.replay_id ? replays.AddUuid(retry.replay_id->value()) : replays.AddNull();
    const ExecutionIdType type = options_.executions.id_type;
    observes ? executions.AddNull()
             : platform_.AddId(executions, ParseExecutionId(type, retry.execution_id));
  }
  const std::string judge = observes ? FillIn(sql::kPartJudgeRetryObserve, {{"schema", schema_}})
                                     : FillIn(sql::kPartJudgeRetry, {{"schema", schema_},
                                                                     {"table", sql.table},
                                                                     {"id", sql.id},
                                                                     {"status", sql.status}});
  Statement withdraw{
      .sql = FillIn(sql::kOutboxWithdraw,
                    {{"schema", schema_}, {"id_param", sql.id_param}, {"judged_retry", judge}}),
      .parameters = {}};
  withdraw.parameters.Array(ids).Array(execution_ids).Array(replays).Array(executions);
  withdraw.parameters.Texts(options_.executions.failable).Moment(SystemClock().Now());
  const auto rows = connection_.Run(withdraw);
  if (!rows) return tl::unexpected(rows.error());
  std::set<std::int64_t> unwanted;
  for (int row = 0; row < rows->size(); ++row) unwanted.insert(rows->Number(row, 0));
  return unwanted;
}

LedgerResult<void> PostgresOutbox::Mark(std::span<const OutboxResult> results) {
  BinaryArray published(ElementType::kInt8);
  BinaryArray again(ElementType::kInt8);
  BinaryArray retry_at(ElementType::kTimestamptz);
  BinaryArray detail(ElementType::kText);
  BinaryArray unroutable(ElementType::kBool);
  for (const OutboxResult& result : results) {
    switch (result.mark) {
      case OutboxMark::kPublished:
        published.AddNumber(result.id);
        break;
      case OutboxMark::kUnroutable:
      case OutboxMark::kAgain:
      case OutboxMark::kUntried:
        again.AddNumber(result.id);
        retry_at.AddInstant(result.retry_at);
        detail.AddBytes(std::string_view(DisplayText(result.detail, kMaxDetailBytes)));
        if (result.mark == OutboxMark::kUntried) {
          unroutable.AddNull();
        } else {
          unroutable.AddBool(result.mark == OutboxMark::kUnroutable);
        }
        break;
    }
  }
  std::vector<Statement> statements;
  if (!published.empty()) {
    Statement& gone = statements.emplace_back();
    gone.sql = FillIn(sql::kOutboxPublished, {{"schema", schema_}});
    gone.parameters.Array(published).Moment(SystemClock().Now());
  }
  if (!again.empty()) {
    Statement& stay = statements.emplace_back();
    stay.sql = FillIn(sql::kOutboxAgain, {{"schema", schema_}});
    stay.parameters.Array(again).Array(retry_at).Array(detail).Array(unroutable);
  }
  fault::Hit("mark.before");
  const auto marked = connection_.Transact(std::move(statements));
  if (!marked) return tl::unexpected(marked.error());
  fault::Hit("mark.after");
  return {};
}

LedgerResult<void> PostgresOutbox::BringForward(Instant now,
                                                std::chrono::microseconds longest_wait) {
  Statement bring{.sql = FillIn(sql::kOutboxBringForward, {{"schema", schema_}}), .parameters = {}};
  bring.parameters.Moment(now).Moment(now + longest_wait);
  const auto brought = connection_.Run(bring);
  if (!brought) return tl::unexpected(brought.error());
  return {};
}

LedgerResult<OutboxBacklog> PostgresOutbox::Backlog(Instant now) {
  Statement ask{.sql = FillIn(sql::kOutboxBacklog, {{"schema", schema_}}), .parameters = {}};
  ask.parameters.Moment(now);
  const auto rows = connection_.Run(ask);
  if (!rows) return tl::unexpected(rows.error());
  OutboxBacklog backlog;
  backlog.pending = rows->Number(0, 0);
  backlog.unroutable = rows->Number(0, 1);
  if (const auto oldest = rows->OptionalMoment(0, 2)) {
    backlog.oldest = std::max(Microseconds(0), now - *oldest);
  }
  backlog.unroutable_submissions = rows->Number(0, 3);
  return backlog;
}

}  // namespace deadletter::postgres
