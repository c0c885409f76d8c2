#include "ledger/counting.h"

#include <algorithm>

namespace deadletter {

std::int64_t CountState::Uncounted() const {
  return std::max<std::int64_t>(0, letters - counted - (is_sure ? unexplained : 0));
}

bool MustRecount(const CountState& state, Instant now) {
  if (state.is_recounting) return false;
  if (state.is_sure && state.Missing() == state.unexplained) return false;
  // Where the clock was set back since, nobody waits for the old time to come again.
  const bool is_soon =
      state.recounted_at && now >= *state.recounted_at && now - *state.recounted_at < kRecountEvery;
  return !is_soon;
}

}  // namespace deadletter
