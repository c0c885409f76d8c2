// Some letters, counted by group and by hour: what both ledgers add to their counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "letter/letter.h"

namespace deadletter {

// Of an hour at most so many queues are counted by their names, which are hostile; all others, and
// those with a longer name than a broker's queue can have, count as one without a name.
inline constexpr std::size_t kMaxQueuesOfAnHour = 1'000;
inline constexpr std::size_t kMaxCountedQueueBytes = 255;

// So many bytes of a letter's text make a group's word.
inline constexpr std::size_t kMaxGroupWordBytes = 1'024;

// The queue of a letter's first death is looked for in headers of that size at most.
inline constexpr std::size_t kMaxGroupHeaderBytes = 8'192;

// What a group tells of its letters' type, action or queue: the text without its numbers.
[[nodiscard]] std::string GroupWord(std::string_view text);

// Where the letter with these headers, in the ledger's form, died first, as a group's word; nothing
// where they do not tell.
[[nodiscard]] std::optional<std::string> FirstQueueWord(std::string_view headers_json);

// The whole hour that it is in, UTC.
[[nodiscard]] Instant HourOf(Instant instant);

// What letters of an hour are counted by.
enum class CountedBy { kReason, kQueue, kOutcome };
[[nodiscard]] std::string_view CountedByName(CountedBy by);  // "reason", "queue", "outcome"

// A letter as it is in the ledger, as far as it is counted; texts are cut to kMaxGroupWordBytes.
struct CountedLetter {
  LetterId id;
  GroupId group;
  std::optional<std::string> type;
  std::optional<std::string> action;
  std::string reason;
  std::string queue;    // where it died
  std::string outcome;  // that it was recorded with
  Instant received_at;
};

struct GroupTally {
  std::optional<std::string> type;    // } words
  std::optional<std::string> action;  // }
  std::string reason;
  std::string
      queue;  // the word of where the sample died; of a new group, FirstQueueWord tells more
  std::int64_t letters = 0;
  Instant first_seen;
  Instant last_seen;
  LetterId sample;  // the newest
};

struct HourName {
  Instant hour;
  CountedBy by = CountedBy::kReason;
  std::string name;

  friend auto operator<=>(const HourName&, const HourName&) = default;
};

class LetterTally {
 public:
  void Add(const CountedLetter& letter);

  [[nodiscard]] std::int64_t letters() const { return letters_; }
  [[nodiscard]] std::map<GroupId, GroupTally>& groups() { return groups_; }
  [[nodiscard]] const std::map<std::pair<GroupId, Instant>, std::int64_t>& group_hours() const {
    return group_hours_;
  }
  [[nodiscard]] const std::map<HourName, std::int64_t>& hours() const { return hours_; }

 private:
  std::int64_t letters_ = 0;
  std::map<GroupId, GroupTally> groups_;
  std::map<std::pair<GroupId, Instant>, std::int64_t> group_hours_;
  std::map<HourName, std::int64_t> hours_;
};

}  // namespace deadletter
