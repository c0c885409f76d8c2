#include "ledger/sqlite/sqlite_text_index.h"

#include <algorithm>
#include <utility>

#include "base/fault_point.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/sql.h"
#include "letter/words.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

std::string JoinedWords(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

// What goes from the number after `after` on.
IndexWork ReadNext(sqlite::Database& database, std::int64_t after, std::size_t max_letters,
                   std::size_t max_bytes, std::optional<sqlite::DatabaseError>& failed) {
  IndexWork work;
  auto rows = database.Prepare(sql::kTextNext);
  rows.Bind(after, max_letters, kMaxSearchedBytes);
  std::size_t bytes = 0;
  while (bytes < max_bytes && rows.Next()) {
    UnindexedLetter& letter = work.letters.emplace_back();
    letter.id = LetterId(ReadUuid(rows, 1));
    auto message = ReadMessage(rows, 2);
    if (message) {
      letter.message = std::move(*message);
    } else {
      letter.unreadable = message.error().message;
    }
    letter.is_cut = rows.Bool(5);
    bytes += rows.Size(4);
  }
  failed = rows.error();
  return work;
}

}  // namespace

std::int64_t SqliteTextState::Unindexed(const std::string& wanted_view) const {
  return std::max(last_number - (view == wanted_view ? indexed_to : 0), std::int64_t{0});
}

sqlite::DatabaseResult<SqliteTextState> ReadTextState(sqlite::Database& database) {
  auto row = database.Prepare(sql::kTextState);
  SqliteTextState state;
  if (row.Next())
    state = {.view = row.Text(0), .indexed_to = row.Int64(1), .last_number = row.Int64(2)};
  if (row.error()) return Unexpected<sqlite::DatabaseError>(*row.error());
  return state;
}

SqliteTextIndex::SqliteTextIndex(const SqliteLedgerOptions& options)
    : file_(options.path, options.lock_timeout) {}

LedgerResult<void> SqliteTextIndex::Begin(const std::string& view) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const auto state = ReadTextState(**database);
  if (!state) return file_.Failed(state.error());
  if (state->view != view) {
    auto transaction = file_.Begin();
    if (!transaction) return Unexpected<LedgerError>(transaction.error());
    static_cast<void>((*database)->Prepare(sql::kTextClear).Run());
    static_cast<void>((*database)->Prepare(sql::kTextBegin).Bind(view).Run());
    if (auto committed = file_.Commit(*transaction); !committed) return committed;
  }
  view_ = view;
  return {};
}

LedgerResult<IndexWork> SqliteTextIndex::Next(std::size_t max_letters, std::size_t max_bytes,
                                              Instant) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const auto state = ReadTextState(**database);
  if (!state) return file_.Failed(state.error());
  IndexWork work;
  const bool is_ours = state->view == view_;
  if (is_ours && state->last_number > state->indexed_to) {
    std::optional<sqlite::DatabaseError> failed;
    work = ReadNext(**database, state->indexed_to, max_letters, max_bytes, failed);
    if (failed) return file_.Failed(*failed);
  }
  work.is_ours = is_ours;
  work.unindexed = state->Unindexed(view_);
  work.more =
      work.unindexed > static_cast<std::int64_t>(work.letters.size()) && !work.letters.empty();
  return work;
}

// Letters come in the order of their numbers. What another instance has indexed meanwhile is passed
// over. If we die on any line of it, nothing of it happened, and whoever comes next begins where
// the last commit has ended.
LedgerResult<bool> SqliteTextIndex::Add(std::span<const IndexedLetter> letters) {
  auto database = file_.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  auto transaction = file_.Begin();
  if (!transaction) return Unexpected<LedgerError>(transaction.error());
  const auto state = ReadTextState(**database);
  if (!state) return file_.Failed(state.error());
  if (state->view != view_) return false;
  std::int64_t indexed_to = state->indexed_to;
  auto number = (*database)->Prepare(sql::kLetterNumber);
  auto add = (*database)->Prepare(sql::kTextAdd);
  for (const IndexedLetter& letter : letters) {
    number.Bind(BlobOf(letter.id));
    if (!number.Next() || number.Int64(0) <= indexed_to) continue;
    indexed_to = number.Int64(0);
    const std::string words = JoinedWords(letter.words);
    static_cast<void>(add.Bind(indexed_to, words).Run());
  }
  static_cast<void>((*database)->Prepare(sql::kTextDone).Bind(indexed_to).Run());
  fault::Hit("index.before");
  if (auto committed = file_.Commit(*transaction); !committed)
    return Unexpected<LedgerError>(committed.error());
  fault::Hit("index.after");
  return true;
}

}  // namespace deadletter
