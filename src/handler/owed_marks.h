// Marks of one replay that the ledger could not make yet.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "ledger/replay_work.h"

namespace deadletter {

// They are in memory only: a letter whose mark is still owed when its driver dies is in doubt, or
// as it was. What is owed is bounded: its driver offers a letter with a mark owed to no window
// (Letters()), and claims nothing more once IsFull().
class OwedMarks {
 public:
  static constexpr std::size_t kMost = 1'000;

  // Those that need no row of the platform's for certain come first: they wait for nobody.
  void Add(std::vector<ReplayResult> marks) {
    for (ReplayResult& mark : marks) {
      const auto place =
          mark.mark == ReplayMark::kUnroutable
              ? marks_.end()
              : std::ranges::find(marks_, ReplayMark::kUnroutable, &ReplayResult::mark);
      marks_.insert(place, std::move(mark));
    }
  }

  // Until one cannot be paid, which then comes last: each of them costs a wait for a lock, and all
  // of them together would cost the lease. `pay`: whether that mark is made.
  // `may_go_on` is asked before each, and no more are paid once it says no.
  template <class MayGoOn, class Pay>
  void PayUntilRefused(MayGoOn may_go_on, Pay pay) {
    auto next = marks_.begin();
    bool is_refused = false;
    while (next != marks_.end() && !is_refused && may_go_on()) {
      is_refused = !pay(*next);
      if (!is_refused) ++next;
    }
    marks_.erase(marks_.begin(), next);
    if (is_refused) std::ranges::rotate(marks_, marks_.begin() + 1);
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
