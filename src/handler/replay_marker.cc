#include "handler/replay_marker.h"

#include <span>

#include "telemetry/log.h"

namespace deadletter {

LedgerResult<void> ReplayMarker::Mark(ReplayId replay, const std::vector<ReplayResult>& results,
                                      OwedMarks& owed, Moment until) {
  const auto marked = work_.Mark(replay, results, clock_.Now());
  if (marked) {
    Count(*marked);
    return {};
  }
  if (marked.error().fault != LedgerFault::kLetter && !IsSoonOver(marked.error().fault))
    return Unexpected<LedgerError>(marked.error());
  owed.Add(results);
  Pay(replay, owed, until);
  return {};
}

void ReplayMarker::Pay(ReplayId replay, OwedMarks& owed, Moment until) {
  const auto may_go_on = [&] { return std::chrono::steady_clock::now() < until; };
  owed.PayUntilRefused(may_go_on, [&](const ReplayResult& one) { return MarkAlone(replay, one); });
}

bool ReplayMarker::MarkAlone(ReplayId replay, ReplayResult result) {
  auto marked = work_.Mark(replay, std::span(&result, 1), clock_.Now());
  if (!marked && marked.error().fault == LedgerFault::kLetter && result.execution) {
    // The platform does not let its execution fail again. It stays as it is, and the letter is open
    // again and says so.
    LogWarning("replayed_execution_refused", {{"replay", FormatUuid(replay.value())},
                                              {"letter", FormatUuid(result.letter.value())},
                                              {"why", marked.error().message}});
    result.execution.reset();
    result.detail += "; its execution waits in vain: " + marked.error().message;
    marked = work_.Mark(replay, std::span(&result, 1), clock_.Now());
  }
  if (marked) Count(*marked);
  return marked.has_value();
}

void ReplayMarker::Count(const std::map<ReplayEnd, std::int64_t>& ends) {
  for (const auto& [end, letters] : ends) metrics_.Replayed(ReplayEndName(end), letters);
}

}  // namespace deadletter
