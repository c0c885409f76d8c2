// A page of a list whose filter has conditions that no index answers together. What one index gives
// is looked through, some letters at a time, until the page is full, the ledger ends or the time is
// over. Both ledgers walk so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ledger/catalog.h"

namespace deadletter {

// By what a ledger finds letters; each of these gives them in the order of a list.
enum class LetterIndex : std::uint8_t {
  kId,  // all of them
  kExecution,
  kGroup,
  kAction,
  kQueue,
  kTag,
  kOutcome,
  kState
};

// Those that give the letters of one of the filter's conditions; where there are none, that of all.
[[nodiscard]] std::vector<LetterIndex> IndexesFor(const LetterFilter& filter);

// One index gives the letters that the filter holds for and no others: a page of it needs no walk.
[[nodiscard]] bool IsOneIndexEnough(const LetterFilter& filter);

class LetterWalk {
 public:
  // `filter` outlives it, and has no text.
  LetterWalk(const LetterFilter& filter, std::optional<LetterId> after);
  virtual ~LetterWalk() = default;

  [[nodiscard]] LedgerResult<LetterPage> Page(std::size_t limit);

 protected:
  // Letters that follow each other in a list.
  struct Stretch {
    std::optional<LetterId> before;  // all are older than this one
    std::optional<LetterId> oldest;  // none: to the end of the ledger
  };

  [[nodiscard]] const LetterFilter& filter() const { return filter_; }

 private:
  // Each is one statement, which ends with kTooLong after `most` where a ledger can do so.

  // The id of the `letters`th letter before `before` that the index gives; none where it gives
  // fewer.
  [[nodiscard]] virtual LedgerResult<std::optional<LetterId>> Place(
      LetterIndex index, std::optional<LetterId> before, std::size_t letters,
      std::chrono::milliseconds most) = 0;
  // Adds the letters of the stretch that the filter holds for, at most `limit`, to `found`: no more
  // are read than the index gives there.
  [[nodiscard]] virtual LedgerResult<void> Find(LetterIndex index, const Stretch& stretch,
                                                std::size_t limit, std::chrono::milliseconds most,
                                                std::vector<LetterSummary>& found) = 0;

  [[nodiscard]] LedgerResult<Stretch> FindSome(std::size_t letters, std::size_t limit,
                                               std::chrono::steady_clock::time_point until,
                                               LetterPage& page);

  const LetterFilter& filter_;
  const std::vector<LetterIndex> indexes_;
  const std::optional<LetterId> after_;
  const std::optional<LetterId> end_;  // the filter holds for nothing that is older
  std::optional<LetterId> before_;     // where the next stretch begins
};

}  // namespace deadletter
