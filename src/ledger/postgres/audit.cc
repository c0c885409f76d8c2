#include "ledger/postgres/audit.h"

#include <algorithm>
#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

AuditEntry ReadAuditEntry(const Rows& rows, int row) {
  AuditEntry entry;
  entry.id = rows.Id(row, 0);
  entry.at = rows.Moment(row, 1);
  entry.who = rows.Bytes(row, 2);
  entry.role = rows.Bytes(row, 3);
  entry.what = rows.Bytes(row, 4);
  entry.subject = rows.Bytes(row, 5);
  entry.letters = rows.Number(row, 6);
  entry.detail = rows.Bytes(row, 7);
  entry.outcome = rows.Bytes(row, 8);
  return entry;
}

RemarkOutcome OutcomeOf(const Rows& rows) {
  if (!rows.Bool(0, 0)) return RemarkOutcome::kNoSuchLetter;
  return rows.Bool(0, 1) ? RemarkOutcome::kDone : RemarkOutcome::kTooMany;
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    lines.emplace_back(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

}  // namespace

Parameters AuditParameters(const AuditEntry& entry) {
  Parameters parameters;
  parameters.Id(entry.id)
      .Moment(entry.at)
      .Bytes(entry.who)
      .Bytes(entry.role)
      .Bytes(entry.what)
      .Bytes(entry.subject)
      .Number(entry.letters)
      .Bytes(entry.detail)
      .Bytes(entry.outcome);
  return parameters;
}

Statement AuditStatement(const std::string& quoted_schema, const AuditEntry& entry) {
  return {.sql = FillIn(sql::kAuditRecord, {{"schema", quoted_schema}}),
          .parameters = AuditParameters(entry)};
}

PostgresAudit::PostgresAudit(const Options& options)
    : schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout) {}

LedgerResult<void> PostgresAudit::Record(const AuditEntry& entry) {
  const auto recorded = connection_.Transact({AuditStatement(schema_, entry)});
  if (!recorded) return tl::unexpected(recorded.error());
  return {};
}

LedgerResult<AuditPage> PostgresAudit::List(const AuditFilter& filter, std::size_t limit,
                                            std::optional<Uuid> after) {
  Statement list{.sql = FillIn(sql::kAuditList, {{"schema", schema_}}), .parameters = {}};
  after ? list.parameters.Id(*after) : list.parameters.Null();
  list.parameters.Bytes(filter.who).Bytes(filter.what).Bytes(filter.subject);
  for (const auto& moment : {filter.since, filter.until})
    moment ? list.parameters.Moment(*moment) : list.parameters.Null();
  list.parameters.Number(static_cast<std::int64_t>(limit));
  const auto rows = connection_.Run(list);
  if (!rows) return tl::unexpected(rows.error());
  AuditPage page;
  for (int row = 0; row < rows->size(); ++row) page.entries.push_back(ReadAuditEntry(*rows, row));
  if (limit != 0 && page.entries.size() == limit) page.next = page.entries.back().id;
  return page;
}

PostgresRemarks::PostgresRemarks(const Options& options)
    : schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout) {}

LedgerResult<RemarkOutcome> PostgresRemarks::AddNote(LetterId letter, const Note& note,
                                                     const AuditEntry& entry) {
  Statement add{.sql = FillIn(sql::kNoteAdd, {{"schema", schema_}}),
                .parameters = AuditParameters(entry)};
  add.parameters.Id(letter.value())
      .Id(note.id)
      .Moment(note.at)
      .Bytes(note.who)
      .Bytes(note.text)
      .Number(static_cast<std::int64_t>(kMaxNotesOfLetter));
  const auto added = connection_.Transact({std::move(add)});
  if (!added) return tl::unexpected(added.error());
  return OutcomeOf(added->front());
}

LedgerResult<TagResult> PostgresRemarks::ChangeTags(LetterId letter, const TagChange& change,
                                                    const AuditEntry& entry) {
  Statement tag{.sql = FillIn(sql::kTagsChange, {{"schema", schema_}}),
                .parameters = AuditParameters(entry)};
  tag.parameters.Id(letter.value())
      .Texts(change.add)
      .Texts(change.remove)
      .Number(static_cast<std::int64_t>(kMaxTagsOfLetter));
  const auto changed = connection_.Transact({std::move(tag)});
  if (!changed) return tl::unexpected(changed.error());
  TagResult result{.outcome = OutcomeOf(changed->front()), .tags = {}};
  if (result.outcome == RemarkOutcome::kDone) result.tags = Lines(changed->front().Bytes(0, 2));
  return result;
}

}  // namespace deadletter::postgres
