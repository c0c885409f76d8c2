#include "ledger/postgres/text_index.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/fault_point.h"
#include "ledger/embedded_sql.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/sql.h"
#include "ledger/postgres/stored_message.h"
#include "letter/words.h"

namespace deadletter::postgres {
namespace {

using std::chrono::steady_clock;

// A letter has its id when it is received. Two instances commit in another order than that within
// moments of each other: that much is looked through again with each look.
constexpr std::chrono::seconds kOftenLate{5};
// Held in an outage, settled slowly, by an instance whose clock is behind: within this time it is
// committed, or another one that comes again. Looked through again where something is missing.
constexpr std::chrono::minutes kMayStillCome{10};
constexpr std::chrono::seconds kBeginAgainEvery{30};
// What another instance has indexed between our count and our look is missing once, and no more.
constexpr int kShortEnds = 2;
// Where something is missing all the same (a host that slept for an hour): everything.
constexpr std::chrono::minutes kWalkAllEvery{10};
// Looked through at once where most of them are indexed already.
constexpr std::int64_t kLookAtOnce = 5'000;
// A search reads the words of a block's letters at once, and asks once for each block.
constexpr std::int64_t kBlockLetters = 8'192;

struct Block {
  std::int64_t number = 0;
  Uuid after;
  Uuid last;
  std::int64_t letters = 0;
  bool is_changed = false;
};

// In the order of their ids.
class Blocks {
 public:
  // The rows of sql/text_blocks.sql.
  explicit Blocks(const Rows& rows) {
    for (int row = 0; row < rows.size(); ++row) {
      blocks_.push_back({.number = rows.Number(row, 0),
                         .after = rows.Id(row, 1),
                         .last = rows.Id(row, 2),
                         .letters = rows.Number(row, 3)});
      last_number_ = rows.Number(row, 4);
    }
  }

  // The number of the block in which that letter stands from now on. A block that is full is closed
  // by one after it, wherever it is. Where a clock was ahead for a while, what comes until then may
  // fill a block further, which only costs its searches time.
  std::int64_t Take(const Uuid& id) {
    auto next =
        std::ranges::find_if(blocks_, [&](const Block& block) { return block.after >= id; });
    if (blocks_.empty()) {
      next = blocks_.insert(next, {.number = ++last_number_, .after = {}, .last = id});
    } else if (next != blocks_.begin()) {
      --next;
    }
    if (next->letters >= kBlockLetters && id > next->last)
      next = blocks_.insert(next + 1, {.number = ++last_number_, .after = next->last, .last = id});
    next->last = std::max(next->last, id);
    ++next->letters;
    next->is_changed = true;
    return next->number;
  }

  // Of sql/text_put_blocks.sql.
  [[nodiscard]] Parameters Changed() const {
    BinaryArray numbers(ElementType::kInt8);
    BinaryArray afters(ElementType::kUuid);
    BinaryArray lasts(ElementType::kUuid);
    BinaryArray letters(ElementType::kInt8);
    for (const Block& block : blocks_) {
      if (!block.is_changed) continue;
      numbers.AddNumber(block.number);
      afters.AddUuid(block.after);
      lasts.AddUuid(block.last);
      letters.AddNumber(block.letters);
    }
    Parameters parameters;
    parameters.Array(std::move(numbers)).Array(std::move(afters));
    parameters.Array(std::move(lasts)).Array(std::move(letters));
    return parameters;
  }

 private:
  std::vector<Block> blocks_;
  std::int64_t last_number_ = 0;
};

// Words hold letters, digits and what is beyond ASCII: nothing in them needs more than quotes.
std::string QuotedWord(std::string_view word) {
  return "'" + std::string(word) + "'";
}

std::string VectorOf(const std::vector<std::string>& words, const std::string& block_word) {
  std::string vector = block_word;
  for (const std::string& word : words) vector.append(" ").append(QuotedWord(word));
  return vector;
}

}  // namespace

std::vector<std::string> SearchWords(const TextQuestion& question) {
  std::vector<std::string> words;
  for (const auto& word : std::views::split(std::string_view(question.words), ' '))
    words.push_back(QuotedWord(std::string_view(word.begin(), word.end())));
  return words;
}

std::string SearchText(const TextQuestion& question) {
  std::string text;
  for (const std::string& word : SearchWords(question))
    text.append(text.empty() ? "" : " & ").append(word);
  return text;
}

std::string BlockWord(std::int64_t epoch, std::int64_t block) {
  return QuotedWord("#" + std::to_string(epoch) + "." + std::to_string(block));
}

std::int64_t TextState::Unindexed(const std::string& wanted_view) const {
  return std::max(letters - (view == wanted_view ? indexed : 0), std::int64_t{0});
}

LedgerResult<TextState> ReadTextState(Connection& connection, const std::string& quoted_schema) {
  const auto rows = connection.Run(
      {.sql = FillIn(sql::kTextState, {{"schema", quoted_schema}}), .parameters = {}});
  if (!rows) return tl::unexpected(rows.error());
  TextState state;
  if (rows->size() == 0) return state;
  state = {.view = std::string(rows->Bytes(0, 0)),
           .epoch = rows->Number(0, 1),
           .swept_to = std::nullopt,
           .indexed = rows->Number(0, 3),
           .letters = rows->Number(0, 4)};
  if (!rows->IsNull(0, 2)) state.swept_to = rows->Id(0, 2);
  return state;
}

PostgresTextIndex::PostgresTextIndex(const Options& options)
    : schema_(QuotedName(options.schema)),
      connection_(options.url, options.schema, options.lock_timeout, options.statement_timeout) {}

Statement PostgresTextIndex::Make(std::string_view sql) const {
  return {.sql = FillIn(sql, {{"schema", schema_}}), .parameters = {}};
}

LedgerResult<void> PostgresTextIndex::Begin(const std::string& view) {
  const auto state = ReadTextState(connection_, schema_);
  if (!state) return tl::unexpected(state.error());
  if (state->view != view) {
    Statement begin = Make(sql::kTextBegin);
    begin.parameters.Bytes(view);
    // The second sees what whoever had the row before has written.
    std::vector<Statement> statements;
    statements.push_back(Make(sql::kTextLock));
    statements.push_back(std::move(begin));
    const auto begun = connection_.Transact(std::move(statements));
    if (!begun) return tl::unexpected(begun.error());
  }
  view_ = view;
  return {};
}

LedgerResult<IndexWork> PostgresTextIndex::Next(std::size_t max_letters, std::size_t max_bytes,
                                                Instant now) {
  const auto state = ReadTextState(connection_, schema_);
  if (!state) return tl::unexpected(state.error());
  IndexWork work{.letters = {}, .unindexed = state->Unindexed(view_), .more = false};
  work.is_ours = state->view == view_;
  if (!work.is_ours) return work;
  BeginAgainWhereDue(*state, now);
  const auto looked = Look(max_letters, max_bytes);
  if (!looked) return tl::unexpected(looked.error());
  work.more = looked->more;
  if (is_at_end_) {
    const bool is_short = work.unindexed > static_cast<std::int64_t>(looked->missing.size());
    short_ends_ = is_short ? short_ends_ + 1 : 0;
    if (auto noted = NoteSwept(now); !noted) return tl::unexpected(noted.error());
  }
  if (looked->missing.empty()) return work;
  auto letters = Read(looked->missing);
  if (!letters) return tl::unexpected(letters.error());
  work.letters = std::move(*letters);
  return work;
}

void PostgresTextIndex::BeginAgainWhereDue(const TextState& state, Instant now) {
  const auto now_steady = steady_clock::now();
  if (epoch_ != state.epoch) {
    epoch_ = state.epoch;
    position_ = state.swept_to;
    is_at_end_ = false;
    began_again_ = walked_all_ = now_steady;
    return;
  }
  if (!is_at_end_) return;
  is_at_end_ = false;
  if (const Uuid late = FirstIdAt(now - kOftenLate); position_ && late < *position_)
    position_ = late;
  if (short_ends_ < kShortEnds || now_steady - began_again_ < kBeginAgainEvery) return;
  began_again_ = now_steady;
  position_ = state.swept_to;
  if (now_steady - walked_all_ < kWalkAllEvery) return;
  walked_all_ = now_steady;
  position_.reset();
}

LedgerResult<PostgresTextIndex::Looked> PostgresTextIndex::Look(std::size_t max_letters,
                                                                std::size_t max_bytes) {
  Statement look = Make(sql::kTextLook);
  position_ ? look.parameters.Id(*position_) : look.parameters.Null();
  const std::int64_t at_once =
      is_missing_some_ ? static_cast<std::int64_t>(2 * max_letters) : kLookAtOnce;
  look.parameters.Number(*epoch_).Number(at_once);
  const auto rows = connection_.Run(look);
  if (!rows) return tl::unexpected(rows.error());
  Looked looked;
  std::size_t bytes = 0;
  int row = 0;
  std::optional<Uuid> position = position_;
  for (; row < rows->size() && looked.missing.size() < max_letters && bytes < max_bytes; ++row) {
    const Uuid id = rows->Id(row, 0);
    // No further than what is missing, which may stay so: whoever adds it may fail.
    if (looked.missing.empty() && !rows->Bool(row, 2)) position = id;
    if (!rows->Bool(row, 2)) continue;
    looked.missing.push_back(id);
    bytes += std::min(static_cast<std::size_t>(rows->Number(row, 1)), kMaxSearchedBytes);
  }
  position_ = position;
  is_at_end_ = row == rows->size() && rows->size() < at_once;
  is_missing_some_ = !looked.missing.empty() && !is_at_end_;
  looked.more = !is_at_end_;
  return looked;
}

// At an end at which nothing is missing but what was found: everything up to the position is there,
// and what is old enough is so for good. Not during a walk, which others may commit behind.
LedgerResult<void> PostgresTextIndex::NoteSwept(Instant now) {
  const auto now_steady = steady_clock::now();
  if (!position_ || short_ends_ > 0 || now_steady - noted_ < kBeginAgainEvery) return {};
  noted_ = now_steady;
  const Uuid to = std::min(*position_, FirstIdAt(now - kMayStillCome));
  Statement swept = Make(sql::kTextSwept);
  swept.parameters.Id(to).Number(*epoch_);
  const auto done = connection_.Run(swept);
  // Somebody else indexes at this moment: it is noted another time.
  if (!done && done.error().fault != LedgerFault::kBusy &&
      done.error().fault != LedgerFault::kRowLocked)
    return tl::unexpected(done.error());
  return {};
}

LedgerResult<std::vector<UnindexedLetter>> PostgresTextIndex::Read(const std::vector<Uuid>& ids) {
  Statement read = Make(sql::kTextRead);
  BinaryArray array(ElementType::kUuid);
  for (const Uuid& id : ids) array.AddUuid(id);
  read.parameters.Array(std::move(array)).Number(static_cast<std::int64_t>(kMaxSearchedBytes));
  const auto rows = connection_.Run(read);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<UnindexedLetter> letters;
  for (int row = 0; row < rows->size(); ++row) {
    UnindexedLetter& letter = letters.emplace_back();
    letter.id = LetterId(rows->Id(row, 0));
    letter.unreadable = ReadStored(*rows, row, 1, letter.message);
    letter.message.body = rows->Bytes(row, 3);
    letter.is_cut = rows->Bool(row, 4);
  }
  return letters;
}

// If we die on any line of it, the transaction is gone, and whoever comes next finds the letters
// missing as before. Where only the commit's answer is lost, the next look finds them there.
LedgerResult<bool> PostgresTextIndex::Add(std::span<const IndexedLetter> letters) {
  if (letters.empty()) return true;
  std::vector<const IndexedLetter*> by_id;
  for (const IndexedLetter& letter : letters) by_id.push_back(&letter);
  std::ranges::sort(by_id, {}, [](const IndexedLetter* letter) { return letter->id; });
  Statement turn = Make(sql::kTextTurn);
  turn.parameters.Bytes(view_);
  Statement places = Make(sql::kTextBlocks);
  places.parameters.Id(by_id.front()->id.value());
  std::vector<Statement> statements;
  statements.push_back(std::move(turn));
  statements.push_back(std::move(places));
  const auto begun = connection_.Begin(std::move(statements));
  if (!begun) return tl::unexpected(begun.error());
  const bool is_ours = begun->front().size() == 1;
  if (!is_ours) {
    const auto ended = connection_.Commit({});
    if (!ended) return tl::unexpected(ended.error());
    return false;
  }
  const std::int64_t epoch = begun->front().Number(0, 0);
  Blocks blocks(begun->at(1));
  BinaryArray ids(ElementType::kUuid);
  BinaryArray vectors(ElementType::kText);
  for (const IndexedLetter* letter : by_id) {
    ids.AddUuid(letter->id.value());
    const std::int64_t block = blocks.Take(letter->id.value());
    vectors.AddBytes(std::string_view(VectorOf(letter->words, BlockWord(epoch, block))));
  }
  Statement put{.sql = Make(sql::kTextPutBlocks).sql, .parameters = blocks.Changed()};
  Statement add = Make(sql::kTextAdd);
  add.parameters.Array(std::move(ids)).Array(std::move(vectors)).Number(epoch);
  std::vector<Statement> changes;
  changes.push_back(std::move(put));
  changes.push_back(std::move(add));
  fault::Hit("index.before");
  const auto added = connection_.Commit(std::move(changes));
  if (!added) return tl::unexpected(added.error());
  fault::Hit("index.after");
  return true;
}

}  // namespace deadletter::postgres
