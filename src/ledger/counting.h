// Port: letters that are recorded are counted into groups and hours, behind settle (group_book.h
// shows what came of it).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "ledger/ledger_error.h"

namespace deadletter {

// In which of the last hours letters of a group came is kept for so long.
inline constexpr std::chrono::hours kGroupHoursKept{8 * 24};
// Everything is counted anew no more often than this, the first time at once: only a program that
// does not name what it records (an older one that still runs beside, say) makes that necessary.
inline constexpr std::chrono::minutes kRecountEvery{10};

// How far counting is, as of one moment.
struct CountState {
  std::int64_t letters = 0;  // in the ledger
  std::int64_t counted = 0;
  std::int64_t named = 0;  // of the others, those that will be counted without more ado
  // Found between `letters` and `counted` when everything had just been counted anew: somebody has
  // removed letters by hand, say. It is sure once that has been found twice.
  std::int64_t unexplained = 0;
  bool is_sure = true;
  bool is_recounting = false;
  std::optional<Instant> recounted_at;

  [[nodiscard]] std::int64_t Missing() const { return letters - counted - named; }
  // What is in no count yet.
  [[nodiscard]] std::int64_t Uncounted() const;
};

// Whether letters are in the ledger that nobody has named, so that only counting all of them anew
// finds them. Asked where nothing is named.
[[nodiscard]] bool MustRecount(const CountState& state, Instant now);

struct CountProgress {
  std::size_t letters = 0;     // counted by this call
  std::int64_t uncounted = 0;  // afterwards
  bool more = false;           // there is more to do at once
};

// Threads: one makes the calls; only Abort() may come from any. Any number of instances may count
// side by side: each letter is counted once, whoever dies at whatever line.
class Counting {
 public:
  virtual ~Counting() = default;

  // So many letters may be counted in one call without being in anybody's way.
  [[nodiscard]] virtual std::size_t AtOnce() const = 0;

  // One transaction: the oldest letters that are not counted yet, about `max_letters` of them, are
  // counted and are from now on. Where some were recorded without being named, everything is
  // counted anew, that much in each call. Does nothing where somebody else counts just now.
  [[nodiscard]] virtual LedgerResult<CountProgress> Count(std::size_t max_letters, Instant now) = 0;

  // Forgets about `limit` of the hours of groups that are no longer kept, and mutes that are over.
  // Returns how many.
  [[nodiscard]] virtual LedgerResult<std::size_t> Prune(Instant now, std::size_t limit) = 0;

  // Ends a call in progress, and lets each later one fail with kUnavailable.
  virtual void Abort() = 0;
};

}  // namespace deadletter
