#include "ledger/sqlite/sqlite_text_search.h"

#include <algorithm>

#include "ledger/sqlite/letter_filter.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/sql.h"
#include "ledger/sqlite/sqlite_catalog.h"
#include "ledger/sqlite/sqlite_text_index.h"

namespace deadletter {
namespace {

namespace sql = sqlite::sql;

using std::chrono::steady_clock;

constexpr std::size_t kLettersAtFirst = 4'000;
constexpr std::size_t kMostLettersAtOnce = 64'000;
constexpr std::chrono::milliseconds kQuick{100};

// Letters that follow each other in a list.
struct Chunk {
  LetterId last;  // the oldest
  std::int64_t lowest_number = 0;
  std::int64_t highest_number = 0;
  std::size_t letters = 0;
};

sqlite::DatabaseResult<Chunk> NextChunk(sqlite::Database& database, const LetterId& before,
                                        std::size_t letters) {
  auto row = database.Prepare(sql::kTextChunk);
  row.Bind(BlobOf(before), letters);
  Chunk chunk;
  if (row.Next() && row.Int64(3) > 0) {
    chunk = {.last = LetterId(ReadUuid(row, 0)),
             .lowest_number = row.Int64(1),
             .highest_number = row.Int64(2),
             .letters = static_cast<std::size_t>(row.Int64(3))};
  }
  if (row.error()) return Unexpected<sqlite::DatabaseError>(*row.error());
  return chunk;
}

std::optional<sqlite::DatabaseError> FindIn(sqlite::Database& database, const Chunk& chunk,
                                            const LetterId& before, const LetterFilter& filter,
                                            std::size_t limit, LetterPage& page) {
  const std::string conditions = ConditionsOf(filter, true, TextPlace::kInPart) + " AND id >= ?17";
  auto rows = database.Prepare(SelectLetters(conditions));
  const std::optional<sqlite::Blob> first = BlobOf(before);
  BindFilter(rows, first, filter, limit - page.letters.size(), BlobOf(chunk.last),
             chunk.lowest_number, chunk.highest_number);
  while (rows.Next()) page.letters.push_back(ReadLetterSummary(rows));
  return rows.error();
}

LedgerResult<void> FindSome(LedgerFile& file, sqlite::Database& database,
                            const LetterFilter& filter, std::size_t limit,
                            std::optional<LetterId> after, LetterPage& page) {
  const auto began = steady_clock::now();
  Uuid last_of_all;
  last_of_all.bytes.fill(0xff);
  LetterId before = after.value_or(LetterId(last_of_all));
  std::size_t at_once = kLettersAtFirst;
  while (page.letters.size() < limit) {
    const auto asked = steady_clock::now();
    const auto chunk = NextChunk(database, before, at_once);
    if (!chunk) return file.Failed(chunk.error());
    if (chunk->letters == 0) return {};
    if (const auto failed = FindIn(database, *chunk, before, filter, limit, page))
      return file.Failed(*failed);
    before = chunk->last;
    const auto now = steady_clock::now();
    at_once = now - asked < kQuick ? std::min(2 * at_once, kMostLettersAtOnce)
                                   : std::max(at_once / 2, kLettersAtFirst);
    if (page.letters.size() == limit || now - began < filter.patience) continue;
    page.next = before;
    page.looked_to = InstantOfId(before.value());
    return {};
  }
  if (limit > 0) page.next = page.letters.back().id;
  return {};
}

}  // namespace

// What was found between two looks at the same view was found in one index.
LedgerResult<LetterPage> SearchLetters(LedgerFile& file, const LetterFilter& filter,
                                       std::size_t limit, std::optional<LetterId> after) {
  auto database = file.Open();
  if (!database) return Unexpected<LedgerError>(database.error());
  const auto state = ReadTextState(**database);
  if (!state) return file.Failed(state.error());
  LetterPage page;
  page.unindexed = state->Unindexed(filter.text->view);
  page.is_of_another_view = state->view != filter.text->view;
  if (page.is_of_another_view) return page;
  if (auto found = FindSome(file, **database, filter, limit, after, page); !found)
    return Unexpected<LedgerError>(found.error());
  const auto state_after = ReadTextState(**database);
  if (!state_after) return file.Failed(state_after.error());
  page.is_of_another_view = state_after->view != filter.text->view;
  return page;
}

}  // namespace deadletter
