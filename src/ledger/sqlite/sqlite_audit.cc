#include "ledger/sqlite/sqlite_audit.h"

#include <utility>

#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/sql.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

sqlite::Blob BytesOfId(const Uuid& id) {
  return {BytesOf(id.bytes)};
}

AuditEntry ReadAuditEntry(const sqlite::Statement& row) {
  return {.id = ReadUuid(row, 0),
          .at = row.Time(1),
          .who = row.Text(2),
          .role = row.Text(3),
          .what = row.Text(4),
          .subject = row.Text(5),
          .letters = row.Int64(6),
          .detail = row.Text(7),
          .outcome = row.Text(8)};
}

// What a question inside a transaction gives; what goes wrong the transaction remembers.
std::size_t CountNotes(sqlite::Database& database, LetterId letter) {
  auto count = database.Prepare(sql::kCountNotes);
  count.Bind(BlobOf(letter));
  return count.Next() ? static_cast<std::size_t>(count.Int64(0)) : 0;
}

bool HasLetter(sqlite::Database& database, LetterId letter) {
  auto found = database.Prepare(sql::kFindLetter);
  found.Bind(BlobOf(letter));
  return found.Next();
}

std::vector<std::string> TagsOf(sqlite::Database& database, LetterId letter) {
  std::vector<std::string> tags;
  auto rows = database.Prepare(sql::kLetterTags);
  rows.Bind(BlobOf(letter));
  while (rows.Next()) tags.push_back(rows.Text(0));
  return tags;
}

void ForEachTag(sqlite::Database& database, std::string_view statement, LetterId letter,
                const std::vector<std::string>& tags) {
  for (const std::string& tag : tags)
    static_cast<void>(database.Prepare(statement).Bind(BlobOf(letter), tag).Run());
}

}  // namespace

void RecordInAudit(sqlite::Database& database, const AuditEntry& entry) {
  static_cast<void>(database.Prepare(sql::kAuditRecord)
                        .Bind(BytesOfId(entry.id), entry.at, entry.who, entry.role, entry.what,
                              entry.subject, entry.letters, entry.detail, entry.outcome)
                        .Run());
}

SqliteAudit::SqliteAudit(const SqliteLedgerOptions& options)
    : file_(options.path, options.lock_timeout) {}

LedgerResult<void> SqliteAudit::Record(const AuditEntry& entry) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  RecordInAudit(**database, entry);
  return file_.Commit(*transaction);
}

LedgerResult<AuditPage> SqliteAudit::List(const AuditFilter& filter, std::size_t limit,
                                          std::optional<Uuid> after) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const std::optional<sqlite::Blob> last = after ? std::optional(BytesOfId(*after)) : std::nullopt;
  auto rows = (*database)->Prepare(sql::kAuditList);
  rows.Bind(last, filter.who, filter.what, filter.subject, filter.since, filter.until, limit);
  AuditPage page;
  while (rows.Next()) page.entries.push_back(ReadAuditEntry(rows));
  if (rows.error()) return file_.Failed(*rows.error());
  if (limit > 0 && page.entries.size() == limit) page.next = page.entries.back().id;
  return page;
}

SqliteRemarks::SqliteRemarks(const SqliteLedgerOptions& options)
    : file_(options.path, options.lock_timeout) {}

LedgerResult<RemarkOutcome> SqliteRemarks::AddNote(LetterId letter, const Note& note,
                                                   const AuditEntry& entry) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  RemarkOutcome outcome = RemarkOutcome::kDone;
  if (!HasLetter(**database, letter)) {
    outcome = RemarkOutcome::kNoSuchLetter;
  } else if (CountNotes(**database, letter) >= kMaxNotesOfLetter) {
    outcome = RemarkOutcome::kTooMany;
  } else {
    static_cast<void>((*database)
                          ->Prepare(sql::kAddNote)
                          .Bind(BytesOfId(note.id), BlobOf(letter), note.at, note.who, note.text)
                          .Run());
    RecordInAudit(**database, entry);
  }
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  return outcome;
}

LedgerResult<TagResult> SqliteRemarks::ChangeTags(LetterId letter, const TagChange& change,
                                                  const AuditEntry& entry) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  TagResult result;
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  if (!HasLetter(**database, letter)) {
    result.outcome = RemarkOutcome::kNoSuchLetter;
  } else {
    ForEachTag(**database, sql::kRemoveTag, letter, change.remove);
    ForEachTag(**database, sql::kAddTag, letter, change.add);
    result.tags = TagsOf(**database, letter);
    // Rolled back: nothing happened.
    if (result.tags.size() > kMaxTagsOfLetter && !transaction->error())
      return TagResult{.outcome = RemarkOutcome::kTooMany, .tags = {}};
    RecordInAudit(**database, entry);
  }
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  return result;
}

}  // namespace deadletter
