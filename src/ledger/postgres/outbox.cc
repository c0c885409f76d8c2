#include "ledger/postgres/outbox.h"

#include <algorithm>
#include <utility>

#include "base/fault_point.h"
#include "base/text.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/sql.h"
#include "ledger/postgres/stored_message.h"
#include "ledger/submit_message.h"

namespace deadletter::postgres {
namespace {

constexpr std::size_t kMaxDetailBytes = 1000;

OutboxKind KindOf(std::string_view name) {
  if (name == "event") return OutboxKind::kEvent;
  return name == "retry" ? OutboxKind::kRetry : OutboxKind::kSubmit;
}

OutboxEntry ReadEntry(const Rows& rows, int row) {
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
    : schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout) {}

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
  for (int row = 0; row < rows->size(); ++row) entries.push_back(ReadEntry(*rows, row));
  return entries;
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
  std::vector<Statement> statements(2);
  statements[0].sql = FillIn(sql::kOutboxPublished, {{"schema", schema_}});
  statements[0].parameters.Array(published).Moment(SystemClock().Now());
  statements[1].sql = FillIn(sql::kOutboxAgain, {{"schema", schema_}});
  statements[1].parameters.Array(again).Array(retry_at).Array(detail).Array(unroutable);
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
