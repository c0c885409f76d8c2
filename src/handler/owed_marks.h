// Marks of one replay that the ledger could not make yet.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "ledger/replay_work.h"

namespace deadletter {

// They are in memory only: a letter whose mark is still owed when its driver dies is in doubt, or
// as it was. What is owed is bounded: a letter with a mark owed is in nobody's window (Letters()),
// and nothing more is claimed once IsFull().
class OwedMarks {
 public:
  static constexpr std::size_t kMost = 1'000;

  // Those that need no row of the platform's come first: they wait for nobody.
  void Add(std::vector<ReplayResult> marks) {
    marks_.insert(marks_.end(), std::make_move_iterator(marks.begin()),
                  std::make_move_iterator(marks.end()));
    std::ranges::stable_partition(
        marks_, [](const ReplayResult& mark) { return mark.mark != ReplayMark::kUnroutable; });
  }

  // Until one cannot be paid, which then comes last: each of them costs a wait for a lock, and all
  // of them together would cost the lease. `pay`: whether that mark is made.
  template <class Pay>
  void PayUntilRefused(Pay pay) {
    auto next = marks_.begin();
    while (next != marks_.end() && pay(*next)) ++next;
    marks_.erase(marks_.begin(), next);
    if (!marks_.empty()) std::ranges::rotate(marks_, marks_.begin() + 1);
  }

  [[nodiscard]] std::vector<LetterId> Letters() const {
    std::vector<LetterId> letters;
    for (const ReplayResult& mark : marks_) letters.push_back(mark.letter);
    return letters;
  }
  [[nodiscard]] bool IsFull() const { return marks_.size() >= kMost; }
  [[nodiscard]] std::size_t size() const { return marks_.size(); }

 private:
  std::vector<ReplayResult> marks_;
};

}  // namespace deadletter
