// Port: groups and statistics as people see them, and mutes. What is shown has been counted
// (counting.h); reading asks for no letter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/audit.h"
#include "ledger/ledger_error.h"
#include "letter/letter.h"
#include "letter/outcome.h"

namespace deadletter {

// Every filter that is set must hold; texts are words of groups (GroupWord), compared exactly.
struct GroupFilter {
  std::optional<std::string> type;
  std::optional<std::string> action;
  std::optional<Reason> reason;
  std::optional<std::string> queue;
  std::optional<Instant> since;  // last_seen >=
  std::optional<bool> muted;     // now
};

enum class GroupOrder { kLastSeen, kLetters };  // the latest, the largest first

inline constexpr std::size_t kTrendHours = 24;

struct GroupSummary {
  GroupId group;
  std::optional<std::string> type;    // } words (GroupWord)
  std::optional<std::string> action;  // }
  Reason reason = Reason::kUnknown;
  std::string queue;         // a word: where its letters died first
  std::int64_t letters = 0;  // ever recorded
  Instant first_seen;
  Instant last_seen;
  LetterId sample;                                // its newest letter
  std::array<std::int64_t, kTrendHours> trend{};  // letters in each of the last hours, oldest first
  std::optional<Instant> muted_until;             // while it is
  std::string muted_by;
};

// The last group of a page: what it is ordered by, as a number (of a time, microseconds since
// 1970), and which it is.
struct GroupPlace {
  std::int64_t rank = 0;
  GroupId group;
};

struct GroupPage {
  std::vector<GroupSummary> groups;
  std::optional<GroupPlace> next;  // where there may be more
};

// Letters of some whole hours, by the hour in which they were received.
struct Statistics {
  std::map<Instant, std::int64_t> hours;  // those that have any; by when they begin
  std::map<std::string, std::int64_t> by_reason;
  std::map<std::string, std::int64_t> by_queue;  // of the largest ones; any bytes
  std::map<std::string, std::int64_t> by_outcome;
  // As it is now:
  std::map<LetterState, std::int64_t> states;
  std::int64_t outbox_pending = 0;
  std::int64_t uncounted = 0;  // letters that no hour and no group has yet

  // By the name of CountedBy; null where there is none of that name.
  [[nodiscard]] std::map<std::string, std::int64_t>* By(std::string_view kind);
};

// For adapters. Where a page goes on after that group.
[[nodiscard]] GroupPlace PlaceOf(const GroupSummary& group, GroupOrder order);
// Letters of that hour, in a trend that begins with `first`; other hours are none of it.
void AddToTrend(GroupSummary& group, Instant hour, std::int64_t letters, Instant first);

// Threads: one makes the calls; only Abort() may come from any.
class GroupBook {
 public:
  virtual ~GroupBook() = default;

  // At most `limit` groups after `after`, in that order; of two of the same rank the greater one
  // comes first. One that is seen again meanwhile moves to the front.
  [[nodiscard]] virtual LedgerResult<GroupPage> List(const GroupFilter& filter, GroupOrder order,
                                                     std::size_t limit,
                                                     std::optional<GroupPlace> after,
                                                     Instant now) = 0;

  // One transaction with the entry of the audit, in which the ledger puts down how many letters the
  // group has. Nothing for `until`: it is muted no longer. False, and nothing happened: no letter
  // is of that group.
  [[nodiscard]] virtual LedgerResult<bool> Mute(GroupId group, std::optional<Instant> until,
                                                const AuditEntry& entry) = 0;

  // Of the whole hours from `since` until before `until`; by queue at most `most_queues`.
  [[nodiscard]] virtual LedgerResult<Statistics> Count(Instant since, Instant until,
                                                       std::size_t most_queues) = 0;

  // Ends a call in progress, and lets each later one fail (kInDoubt where it was committing).
  virtual void Abort() = 0;
};

}  // namespace deadletter
