#include "ledger/postgres/discards.h"

#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/postgres/audit.h"
#include "ledger/postgres/letter_filter.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

DiscardCounts ReadDiscardCounts(const Rows& rows) {
  return {.letters = rows.Number(0, 0),
          .discarded = rows.Number(0, 1),
          .taken = rows.Number(0, 2),
          .waiting = rows.Number(0, 3),
          .closed = rows.Number(0, 4)};
}

}  // namespace

PostgresDiscards::PostgresDiscards(const Options& options)
    : schema_name_(options.schema),
      schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout, options.statement_timeout) {}

std::string PostgresDiscards::Chosen(const LetterSelection& selection) const {
  return FillIn(sql::kDiscardChosen,
                {{"schema", schema_}, {"filter", FilterSql(schema_, selection)}});
}

LedgerResult<DiscardCounts> PostgresDiscards::Preview(const LetterSelection& selection,
                                                      std::size_t max_letters) {
  Statement ask{.sql = FillIn(sql::kDiscardPreview, {{"chosen", Chosen(selection)}}),
                .parameters = {}};
  AddSelection(ask.parameters, selection);
  ask.parameters.Number(static_cast<std::int64_t>(max_letters));
  const auto rows = connection_.Run(ask);
  if (!rows) return tl::unexpected(rows.error());
  return ReadDiscardCounts(*rows);
}

LedgerResult<DiscardCounts> PostgresDiscards::Discard(const LetterSelection& selection,
                                                      std::size_t max_letters,
                                                      const std::string& detail, Instant now,
                                                      const AuditEntry& entry) {
  Statement turn{.sql = std::string(sql::kReplayMakeTurn), .parameters = {}};
  turn.parameters.Bytes(schema_name_);
  Statement discard{
      .sql = FillIn(sql::kDiscard, {{"schema", schema_}, {"chosen", Chosen(selection)}}),
      .parameters = {}};
  AddSelection(discard.parameters, selection);
  discard.parameters.Number(static_cast<std::int64_t>(max_letters)).Moment(now).Bytes(detail);
  Statement audit{.sql = FillIn(sql::kDiscardAudit, {{"schema", schema_}}),
                  .parameters = AuditParameters(entry)};
  std::vector<Statement> statements;
  statements.push_back(std::move(turn));
  statements.push_back(std::move(discard));
  statements.push_back(std::move(audit));
  const auto done = connection_.Transact(std::move(statements));
  if (!done) return tl::unexpected(done.error());
  return ReadDiscardCounts(done->at(1));
}

}  // namespace deadletter::postgres
