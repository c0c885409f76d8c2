#include "handler/indexer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "letter/words.h"
#include "telemetry/log.h"

namespace deadletter {
namespace {

// In memory at once, and written in one transaction: for as long as that takes, a settle of the
// embedded ledger waits.
constexpr std::size_t kLettersAtOnce = 200;
constexpr std::size_t kBytesAtOnce = std::size_t{4} << 20;
constexpr std::size_t kWordsAtOnce = 10'000;

// Two who make the index anew by turns would come to no end.
Unexpected<LedgerError> NotOurs() {
  return Unexpected<LedgerError>(
      {.fault = LedgerFault::kStatement,
       .code = "",
       .message = "another instance was started later with another `redact` and has the index: "
                  "searches here find nothing; give both the same and restart this one"});
}

}  // namespace

Indexer::Indexer(std::unique_ptr<TextIndex> index, IndexedView view, const Clock& clock,
                 Metrics& metrics)
    : index_(std::move(index)), view_(std::move(view)), clock_(clock), metrics_(metrics) {}

LedgerResult<bool> Indexer::DoSome() {
  if (!has_begun_) {
    if (auto begun = index_->Begin(view_.name); !begun)
      return Unexpected<LedgerError>(begun.error());
    has_begun_ = true;
  }
  const auto work = index_->Next(kLettersAtOnce, kBytesAtOnce, clock_.Now());
  if (!work) return Unexpected<LedgerError>(work.error());
  std::size_t added = 0;
  if (!work->letters.empty()) {
    const auto some = AddSome(work->letters);
    if (!some) return Unexpected<LedgerError>(some.error());
    added = *some;
  }
  if (!work->is_ours || (added == 0 && !work->letters.empty())) return NotOurs();
  metrics_.SetUnindexedLetters(
      std::max(work->unindexed - static_cast<std::int64_t>(added), std::int64_t{0}));
  return work->more || added < work->letters.size();
}

LedgerResult<std::size_t> Indexer::AddSome(const std::vector<UnindexedLetter>& letters) {
  std::vector<IndexedLetter> indexed;
  std::size_t words = 0;
  for (const UnindexedLetter& letter : letters) {
    if (words >= kWordsAtOnce) break;
    indexed.push_back({.id = letter.id, .words = WordsToFind(letter)});
    words += indexed.back().words.size();
  }
  const auto added = index_->Add(indexed);
  if (added) return *added ? indexed.size() : 0;
  if (added.error().fault != LedgerFault::kLetter) return Unexpected<LedgerError>(added.error());
  // One of them cannot be written: that one alone must not be found.
  for (IndexedLetter& letter : indexed) {
    const auto alone = AddAlone(std::move(letter));
    if (!alone) return Unexpected<LedgerError>(alone.error());
    if (!*alone) return std::size_t{0};
  }
  return indexed.size();
}

LedgerResult<bool> Indexer::AddAlone(IndexedLetter letter) {
  auto added = index_->Add(std::span(&letter, 1));
  if (added || added.error().fault != LedgerFault::kLetter) return added;
  letter.words.clear();
  return index_->Add(std::span(&letter, 1));
}

std::vector<std::string> Indexer::WordsToFind(const UnindexedLetter& letter) const {
  if (!letter.unreadable.empty()) return {};
  if (!view_.body) return WordsOf(letter.message, letter.message.body);
  const auto visible = letter.is_cut ? std::nullopt : view_.body(letter.message.body);
  return WordsOf(letter.message, visible.value_or(""));
}

void Indexer::Complain(const LedgerError& error) const {
  LogWarning("text_search_waits",
             {{"cause", std::string(LedgerFaultName(error.fault))}, {"why", error.message}});
}

}  // namespace deadletter
