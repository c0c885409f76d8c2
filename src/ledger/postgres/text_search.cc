#include "ledger/postgres/text_search.h"

#include <algorithm>
#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/postgres/catalog.h"
#include "ledger/postgres/letter_filter.h"
#include "ledger/postgres/sql.h"
#include "ledger/postgres/text_index.h"

namespace deadletter::postgres {
namespace {

using std::chrono::steady_clock;

// Asked for at once: a few at first, more where they hold little.
constexpr std::size_t kMostBlocksAtOnce = 256;
// Where there are other filters each letter that has the words is looked up, until enough are
// found: of thousands of letters a block.
constexpr std::size_t kMostBlocksLookedUp = 4;
constexpr std::chrono::milliseconds kQuick{50};
// A statement that began just before the patience ended may take so long all the same.
constexpr std::chrono::milliseconds kLeastTime{3'000};

// Nothing else stands between the index and the page, so that each block need not give more than
// a page of its own.
constexpr std::string_view kFirstOfBlock = "ORDER BY found.letter_id DESC LIMIT $16::bigint";

LetterFilter WithoutText(LetterFilter filter) {
  filter.text.reset();
  return filter;
}

std::string WordConditions(std::size_t words) {
  std::string conditions;
  for (std::size_t number = 1; number <= words; ++number)
    conditions +=
        " AND letter_text.words @@ ($17::text[])[" + std::to_string(number) + "]::tsquery";
  return conditions;
}

LedgerError TooLong(LedgerError error) {
  error.message =
      "a few thousand letters took too long to search: ask for rarer words, with fewer filters, or "
      "when the ledger has less to do: " +
      error.message;
  return error;
}

bool IsAnythingSet(const LetterFilter& filter) {
  return filter.state || filter.outcome || filter.reason || filter.queue || filter.type ||
         filter.action || filter.execution_id || filter.worker_id || filter.group || filter.since ||
         filter.until || filter.tag;
}

}  // namespace

TextSearch::TextSearch(Connection& connection, const std::string& quoted_schema,
                       const LetterFilter& filter, std::optional<LetterId> after)
    : connection_(connection),
      schema_(quoted_schema),
      question_(*filter.text),
      others_(WithoutText(filter)),
      has_others_(IsAnythingSet(others_)),
      after_(after) {}

// What was found between two looks at the same state was found in one index.
LedgerResult<LetterPage> TextSearch::Find(std::size_t limit) {
  const auto state = ReadTextState(connection_, schema_);
  if (!state) return tl::unexpected(state.error());
  LetterPage page;
  page.unindexed = state->Unindexed(question_.view);
  page.is_of_another_view = state->view != question_.view;
  if (page.is_of_another_view) return page;
  const auto found = FindSome(limit, page);
  if (!found) return tl::unexpected(found.error());
  const auto after = ReadTextState(connection_, schema_);
  if (!after) return tl::unexpected(after.error());
  page.is_of_another_view = after->epoch != state->epoch;
  return page;
}

LedgerResult<void> TextSearch::FindSome(std::size_t limit, LetterPage& page) {
  const auto began = steady_clock::now();
  const auto places = Places();
  if (!places) return tl::unexpected(places.error());
  const std::size_t most_at_once = has_others_ ? kMostBlocksLookedUp : kMostBlocksAtOnce;
  std::size_t at_once = 1;
  std::size_t done = 0;
  while (done < places->size() && page.letters.size() < limit) {
    const auto asked = steady_clock::now();
    const std::size_t count = std::min(at_once, places->size() - done);
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(others_.patience - (asked - began));
    const auto found =
        FindIn(std::span(*places).subspan(done, count), limit, std::max(left, kLeastTime), page);
    const auto now = steady_clock::now();
    const bool is_too_long = !found && found.error().fault == LedgerFault::kTooLong;
    if (!found && !is_too_long) return tl::unexpected(found.error());
    if (found) done += count;
    at_once = found && now - asked < kQuick ? std::min(2 * at_once, most_at_once)
                                            : std::max(count / 2, std::size_t{1});
    if (page.letters.size() == limit || done == places->size()) break;
    const bool is_at_one = is_too_long && count == 1;
    if (now - began < others_.patience && !is_at_one) continue;
    if (EndAfter(*places, done, page)) return {};
    if (is_at_one) return tl::unexpected(TooLong(found.error()));
  }
  if (limit != 0 && page.letters.size() == limit) page.next = page.letters.back().id;
  return {};
}

// False: not even the first block is done, or no more than where the page begins, and there is
// nothing to go on from.
bool TextSearch::EndAfter(const std::vector<Place>& places, std::size_t done,
                          LetterPage& page) const {
  if (done == 0) return false;
  const Uuid& last = places[done - 1].after;
  const LetterId next(IdAfter(last));
  // A page that begins at the end of a block asks that block first: it has to come further.
  if (next == after_) return false;
  page.next = next;
  page.looked_to = InstantOfId(last);
  return true;
}

// None where the index is another view's.
LedgerResult<std::vector<TextSearch::Place>> TextSearch::Places() {
  Statement ask{.sql = FillIn(sql::kTextPlaces, {{"schema", schema_}}), .parameters = {}};
  ask.parameters.Bytes(question_.view);
  after_ ? ask.parameters.Id(after_->value()) : ask.parameters.Null();
  const auto rows = connection_.Run(ask);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<Place> places;
  for (int row = 0; row < rows->size(); ++row) {
    // Where a search has ended after a block, that one is done.
    if (after_ && IdAfter(rows->Id(row, 2)) >= after_->value()) continue;
    places.push_back(
        {.word = BlockWord(rows->Number(row, 0), rows->Number(row, 1)), .after = rows->Id(row, 2)});
  }
  return places;
}

// Blocks follow each other, so that what is found is older than what `page` has.
LedgerResult<void> TextSearch::FindIn(std::span<const Place> places, std::size_t limit,
                                      std::chrono::milliseconds most, LetterPage& page) {
  const std::vector<std::string> words = SearchWords(question_);
  Statement list{.sql = FillIn(sql::kTextList, {{"schema", schema_},
                                                {"summary", sql::kLetterSummary},
                                                {"words", WordConditions(words.size())},
                                                {"first", has_others_ ? "" : kFirstOfBlock},
                                                {"filter", FilterSql(schema_, others_)}}),
                 .parameters = {}};
  after_ ? list.parameters.Id(after_->value()) : list.parameters.Null();
  AddFilter(list.parameters, others_);
  list.parameters.Number(static_cast<std::int64_t>(limit - page.letters.size()));
  list.parameters.Texts(words);
  BinaryArray blocks(ElementType::kText, places.size());
  for (const Place& place : places) blocks.AddBytes(std::string_view(place.word));
  list.parameters.Array(std::move(blocks));
  const auto rows = connection_.RunWithin(std::move(list), most);
  if (!rows) return tl::unexpected(rows.error());
  for (int row = 0; row < rows->size(); ++row) page.letters.push_back(ReadSummary(*rows, row));
  return {};
}

}  // namespace deadletter::postgres
