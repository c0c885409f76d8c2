#include "ledger/sqlite/sqlite_letter_walk.h"

#include "ledger/embedded_sql.h"
#include "ledger/sqlite/letter_filter.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/sql.h"
#include "ledger/sqlite/sqlite_catalog.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

// Before the newest letter, and behind the oldest.
LetterId UtmostId(std::uint8_t byte) {
  Uuid id;
  id.bytes.fill(byte);
  return LetterId(id);
}
LetterId StretchBegin(std::optional<LetterId> before) {
  return before.value_or(UtmostId(0xff));
}
LetterId StretchEnd(std::optional<LetterId> oldest) {
  return oldest.value_or(UtmostId(0));
}

}  // namespace

std::string SelectPlace(LetterIndex index) {
  const bool is_tag = index == LetterIndex::kTag;
  return FillIn(sql::kLetterPlace,
                {{"table", is_tag ? "deadletter_letter_tag" : "deadletter_letter"},
                 {"id", is_tag ? "letter_id" : "id"},
                 {"holds", IndexedCondition(index)}});
}

SqliteLetterWalk::SqliteLetterWalk(LedgerFile& file, const LetterFilter& filter,
                                   std::optional<LetterId> after)
    : LetterWalk(filter, after), file_(file) {}

LedgerResult<std::optional<LetterId>> SqliteLetterWalk::Place(LetterIndex index,
                                                              std::optional<LetterId> before,
                                                              std::size_t letters,
                                                              std::chrono::milliseconds /*most*/) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto row = (*database)->Prepare(SelectPlace(index));
  const LetterId first = StretchBegin(before);
  BindFilter(row, BlobOf(first), filter(), letters - 1);
  std::optional<LetterId> place;
  if (row.Next()) place = LetterId(ReadUuid(row, 0));
  if (row.error()) return file_.Failed(*row.error());
  return place;
}

LedgerResult<void> SqliteLetterWalk::Find(LetterIndex index, const Stretch& stretch,
                                          std::size_t limit, std::chrono::milliseconds /*most*/,
                                          std::vector<LetterSummary>& found) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto rows = (*database)->Prepare(SelectLetters(ConditionsInStretch(filter(), index)));
  const LetterId first = StretchBegin(stretch.before);
  const LetterId last = StretchEnd(stretch.oldest);
  BindFilter(rows, BlobOf(first), filter(), limit, BlobOf(last));
  while (rows.Next()) found.push_back(ReadLetterSummary(rows));
  if (rows.error()) return file_.Failed(*rows.error());
  return {};
}

}  // namespace deadletter
