#include "ledger/sqlite/sqlite_discards.h"

#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/sqlite/letter_filter.h"
#include "ledger/sqlite/sql.h"
#include "ledger/sqlite/sqlite_audit.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

void Close(sqlite::Database& database, const std::vector<LetterId>& letters,
           const std::string& detail, Instant now) {
  auto close = database.Prepare(sql::kDiscardLetter);
  auto step = database.Prepare(sql::kAddStep);
  for (const LetterId& letter : letters) {
    static_cast<void>(close.Bind(BlobOf(letter), now).Run());
    static_cast<void>(step.Bind(BlobOf(letter), now, "discarded", detail).Run());
  }
  auto count = database.Prepare(sql::kCountLetters);
  const auto closed = static_cast<std::int64_t>(letters.size());
  static_cast<void>(count.Bind("open", -closed).Run());
  static_cast<void>(count.Bind("closed", closed).Run());
}

}  // namespace

SqliteDiscards::SqliteDiscards(const SqliteLedgerOptions& options)
    : file_(options.path, options.lock_timeout) {}

LedgerResult<SqliteDiscards::Chosen> SqliteDiscards::Choose(sqlite::Database& database,
                                                            const LetterSelection& selection,
                                                            std::size_t max_letters) {
  Chosen chosen;
  DiscardCounts& counts = chosen.counts;
  std::optional<sqlite::DatabaseError> failed;
  ForEachPart(selection, [&](const std::string& conditions, auto first) {
    auto rows = database.Prepare(FillIn(sql::kDiscardChoose, {{"conditions", conditions}}));
    const LetterFilter filter = selection.ids.empty() ? selection.filter : LetterFilter{};
    BindFilter(rows, first, filter, max_letters + 1);
    while (rows.Next()) {
      ++counts.letters;
      const std::string state = rows.Text(1);
      if (rows.Bool(2)) {
        ++counts.taken;
      } else if (state == LetterStateName(LetterState::kOpen)) {
        ++counts.discarded;
        chosen.letters.push_back(LetterId(ReadUuid(rows, 0)));
      } else {
        ++(state == LetterStateName(LetterState::kWaiting) ? counts.waiting : counts.closed);
      }
    }
    if (rows.error()) failed = rows.error();
  });
  if (failed) return file_.Failed(*failed);
  return chosen;
}

LedgerResult<DiscardCounts> SqliteDiscards::Preview(const LetterSelection& selection,
                                                    std::size_t max_letters) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const auto chosen = Choose(**database, selection, max_letters);
  if (!chosen) return Unexpected<LedgerError>(chosen.error());
  return chosen->counts;
}

LedgerResult<DiscardCounts> SqliteDiscards::Discard(const LetterSelection& selection,
                                                    std::size_t max_letters,
                                                    const std::string& detail, Instant now,
                                                    const AuditEntry& entry) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  auto chosen = Choose(**database, selection, max_letters);
  if (!chosen) return Unexpected<LedgerError>(chosen.error());
  DiscardCounts counts = chosen->counts;
  if (counts.letters > static_cast<std::int64_t>(max_letters)) {
    counts.discarded = 0;
    return counts;
  }
  if (chosen->letters.empty()) return counts;
  Close(**database, chosen->letters, detail, now);
  AuditEntry counted = entry;
  counted.letters = counts.discarded;
  RecordInAudit(**database, counted);
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  return counts;
}

}  // namespace deadletter
