#include "handler/pace.h"

#include <algorithm>
#include <cmath>

namespace deadletter {
namespace {

constexpr std::int64_t kLeastAnswers = 10;
constexpr double kSavedSeconds = 0.5;
constexpr double kAtOnceSeconds = 0.1;

}  // namespace

std::size_t Pace::Take(std::int64_t milli_rate, std::size_t most, Moment now) {
  if (milli_rate == 0) return most;
  const double rate = static_cast<double>(milli_rate) / 1000;
  if (filled_) tokens_ += rate * std::chrono::duration<double>(now - *filled_).count();
  filled_ = now;
  tokens_ = std::min(tokens_, std::max(1.0, rate * kSavedSeconds));
  const double at_once = std::min(tokens_, std::max(1.0, rate * kAtOnceSeconds));
  const auto taken = std::min(most, static_cast<std::size_t>(std::max(0.0, std::floor(at_once))));
  tokens_ -= static_cast<double>(taken);
  return taken;
}

std::optional<std::chrono::milliseconds> Pace::UntilNext(std::int64_t milli_rate) const {
  if (milli_rate == 0) return std::nullopt;
  const double missing = std::max(0.0, 1 - tokens_);
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(std::ceil(missing * 1e6 / static_cast<double>(milli_rate))) + 1);
}

std::size_t RampAllows(const ReplayCounts& counts) {
  std::int64_t step = 1;
  while (step < counts.out) step *= 10;
  if (step == counts.out && counts.awaiting == 0) step *= 10;
  return static_cast<std::size_t>(step - counts.out);
}

std::optional<std::string> WhyStop(const ReplaySpec& spec, const ReplayCounts& counts,
                                   const ReplayAnswers& before) {
  if (spec.stop_percent == 0) return std::nullopt;
  const std::int64_t failed = counts.Of(ReplayEnd::kFailedAgain) - before.failed_again;
  const std::int64_t answered = failed + counts.Of(ReplayEnd::kSucceeded) - before.succeeded;
  if (failed == 0 || answered < (spec.ramp ? 1 : kLeastAnswers)) return std::nullopt;
  if (failed * 100 < spec.stop_percent * answered) return std::nullopt;
  return std::to_string(failed) + " of " + std::to_string(answered) + " answered failed again";
}

}  // namespace deadletter
