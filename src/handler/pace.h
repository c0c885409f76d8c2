// How many letters of a replay may go now: pure, but for the passing of time.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "ledger/replay.h"

namespace deadletter {

// A bucket that fills by the rate. It holds what half a second brings: a commit that takes its time
// does not lower the rate, and a pause is not made up for. At once goes what a tenth brings: so
// much may be in doubt when we die.
class Pace {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  // At most `most`; `milli_rate` is of messages in a thousand seconds, 0: as fast as it goes.
  [[nodiscard]] std::size_t Take(std::int64_t milli_rate, std::size_t most, Moment now);
  void GiveBack(std::size_t letters) { tokens_ += static_cast<double>(letters); }
  // Until there is one more; nothing where there is no rate.
  [[nodiscard]] std::optional<std::chrono::milliseconds> UntilNext(std::int64_t milli_rate) const;

 private:
  double tokens_ = 1;
  std::optional<Moment> filled_;
};

// With a ramp: 1, 10, 100, … letters in all, each step once every letter before it is answered.
[[nodiscard]] std::size_t RampAllows(const ReplayCounts& counts);

// Why the replay must stop by itself: too many of those that are answered have failed again.
// Nothing: it may go on. Without a ramp only from ten answers on; those from `before` somebody
// resumed it do not count.
[[nodiscard]] std::optional<std::string> WhyStop(const ReplaySpec& spec, const ReplayCounts& counts,
                                                 const ReplayAnswers& before);

}  // namespace deadletter
