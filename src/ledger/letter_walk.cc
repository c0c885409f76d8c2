#include "ledger/letter_walk.h"

#include <algorithm>
#include <utility>

#include "ledger/text_index.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kLettersAtFirst = 1'000;
constexpr std::size_t kMostLettersAtOnce = 128'000;
constexpr std::size_t kFewestLettersAtOnce = 125;
// More at once after a stretch that took less than the one, fewer after one that took more than the
// other.
constexpr milliseconds kQuickStretch{50};
constexpr milliseconds kSlowStretch{250};
// A stretch that begins just before the time is over may take so long all the same, and a statement
// of it so long even where those before it have used that up.
constexpr milliseconds kLeastTimeOfStretch{3'000};
constexpr milliseconds kLeastTimeOfStatement{500};

std::size_t NextSize(std::size_t letters, steady_clock::duration took) {
  if (took < kQuickStretch) return std::min(2 * letters, kMostLettersAtOnce);
  return took < kSlowStretch ? letters : std::max(letters / 2, kFewestLettersAtOnce);
}

// A letter's id is made just after it was received, of the same clock, and a later one is never
// less: only where the clock is set back between the two is the id the earlier one.
constexpr std::chrono::hours kClockDoubt{1};

std::optional<LetterId> EndOf(const LetterFilter& filter) {
  if (!filter.since || *filter.since < Instant() + kClockDoubt) return std::nullopt;
  return LetterId(FirstIdAt(*filter.since - kClockDoubt));
}

LedgerError TooLongToWalk(LedgerError error) {
  error.message =
      "a hundred letters took too long to look through: ask with fewer filters, or when the ledger "
      "has less to do: " +
      error.message;
  return error;
}

std::size_t CountConditions(const LetterFilter& filter) {
  std::size_t count = 0;
  for (const bool is_set :
       {filter.state.has_value(), filter.outcome.has_value(), filter.reason.has_value(),
        filter.queue.has_value(), filter.type.has_value(), filter.action.has_value(),
        filter.execution_id.has_value(), filter.worker_id.has_value(), filter.group.has_value(),
        filter.since.has_value(), filter.until.has_value(), filter.tag.has_value()})
    count += is_set ? 1 : 0;
  return count;
}

}  // namespace

// Mostly few letters first: who gives fewer than are asked for ends the question.
std::vector<LetterIndex> IndexesFor(const LetterFilter& filter) {
  std::vector<LetterIndex> indexes;
  if (filter.execution_id) indexes.push_back(LetterIndex::kExecution);
  if (filter.group) indexes.push_back(LetterIndex::kGroup);
  if (filter.tag) indexes.push_back(LetterIndex::kTag);
  if (filter.action) indexes.push_back(LetterIndex::kAction);
  if (filter.queue) indexes.push_back(LetterIndex::kQueue);
  if (filter.outcome) indexes.push_back(LetterIndex::kOutcome);
  if (filter.state) indexes.push_back(LetterIndex::kState);
  if (indexes.empty()) indexes.push_back(LetterIndex::kId);
  return indexes;
}

// Tags are a table of their own.
bool IsOneIndexEnough(const LetterFilter& filter) {
  const std::size_t conditions = CountConditions(filter);
  if (conditions == 0) return true;
  return conditions == 1 && !filter.tag && IndexesFor(filter).front() != LetterIndex::kId;
}

LetterWalk::LetterWalk(const LetterFilter& filter, std::optional<LetterId> after)
    : filter_(filter),
      indexes_(IndexesFor(filter)),
      after_(after),
      end_(EndOf(filter)),
      before_(after) {}

LedgerResult<LetterPage> LetterWalk::Page(std::size_t limit) {
  const auto began = steady_clock::now();
  LetterPage page;
  std::size_t letters = kLettersAtFirst;
  while (page.letters.size() < limit) {
    const auto asked = steady_clock::now();
    const auto until = std::max(began + filter_.patience, asked + kLeastTimeOfStretch);
    const auto walked = FindSome(letters, limit - page.letters.size(), until, page);
    const auto now = steady_clock::now();
    const bool is_too_long = !walked && walked.error().fault == LedgerFault::kTooLong;
    if (!walked && !is_too_long) return tl::unexpected(walked.error());
    if (walked && page.letters.size() < limit) {
      if (!walked->oldest || walked->oldest == end_) return page;
      before_ = walked->oldest;
    }
    if (page.letters.size() == limit) break;
    const bool were_fewest =
        std::exchange(letters, walked ? NextSize(letters, now - asked) : kFewestLettersAtOnce) ==
        kFewestLettersAtOnce;
    const bool is_stuck = is_too_long && were_fewest;
    if (now - began < filter_.patience && !is_stuck) continue;
    if (before_ != after_) {
      page.next = before_;
      page.looked_to = InstantOfId(before_->value());
      return page;
    }
    if (is_stuck) return tl::unexpected(TooLongToWalk(walked.error()));
  }
  if (limit != 0) page.next = page.letters.back().id;
  return page;
}

// Of several indexes that one is walked which comes furthest with so many letters: here it gives
// the fewest of those that the others ask for.
LedgerResult<LetterWalk::Stretch> LetterWalk::FindSome(std::size_t letters, std::size_t limit,
                                                       steady_clock::time_point until,
                                                       LetterPage& page) {
  const auto left = [until] {
    return std::max(std::chrono::duration_cast<milliseconds>(until - steady_clock::now()),
                    kLeastTimeOfStatement);
  };
  Stretch stretch{.before = before_, .oldest = std::nullopt};
  LetterIndex walked = indexes_.front();
  for (const LetterIndex index : indexes_) {
    const auto place = Place(index, before_, letters, left());
    if (!place) return tl::unexpected(place.error());
    if (stretch.oldest && *place && **place >= *stretch.oldest) continue;
    stretch.oldest = *place;
    walked = index;
    if (!stretch.oldest) break;
  }
  if (end_ && (!stretch.oldest || *stretch.oldest < *end_)) stretch.oldest = end_;
  const auto found = Find(walked, stretch, limit, left(), page.letters);
  if (!found) return tl::unexpected(found.error());
  return stretch;
}

}  // namespace deadletter
