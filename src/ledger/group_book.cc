#include "ledger/group_book.h"

#include <utility>

#include "ledger/letter_tally.h"

namespace deadletter {

std::map<std::string, std::int64_t>* Statistics::By(std::string_view kind) {
  if (kind == CountedByName(CountedBy::kReason)) return &by_reason;
  if (kind == CountedByName(CountedBy::kQueue)) return &by_queue;
  if (kind == CountedByName(CountedBy::kOutcome)) return &by_outcome;
  return nullptr;
}

GroupPlace PlaceOf(const GroupSummary& group, GroupOrder order) {
  switch (order) {
    case GroupOrder::kLastSeen:
      return {.rank = group.last_seen.time_since_epoch().count(), .group = group.group};
    case GroupOrder::kLetters:
      return {.rank = group.letters, .group = group.group};
  }
  std::unreachable();
}

void AddToTrend(GroupSummary& group, Instant hour, std::int64_t letters, Instant first) {
  const auto place = std::chrono::floor<std::chrono::hours>(hour - first).count();
  if (place < 0 || place >= static_cast<std::int64_t>(kTrendHours)) return;
  group.trend[static_cast<std::size_t>(place)] += letters;
}

}  // namespace deadletter
