// How a replay's letters fared, told to the ledger and counted.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/clock.h"
#include "handler/owed_marks.h"
#include "ledger/replay_work.h"
#include "telemetry/metrics.h"

namespace deadletter {

// Trying again is all that such an error needs.
[[nodiscard]] inline bool IsSoonOver(LedgerFault fault) {
  return fault == LedgerFault::kBusy || fault == LedgerFault::kRowLocked ||
         fault == LedgerFault::kTooLong;
}

// Of the replayer's thread. Everything referred to must outlive it.
class ReplayMarker {
 public:
  ReplayMarker(ReplayWork& work, const Clock& clock, Metrics& metrics)
      : work_(work), clock_(clock), metrics_(metrics) {}

  // All together. What the ledger cannot mark because of one letter (the platform refuses its row,
  // or somebody holds it) is marked one by one, and the rest is owed: it keeps nobody else. An
  // error: the ledger is away, and nothing is marked or owed.
  [[nodiscard]] LedgerResult<void> Mark(ReplayId replay, const std::vector<ReplayResult>& results,
                                        OwedMarks& owed);
  void Pay(ReplayId replay, OwedMarks& owed);
  void Count(const std::map<ReplayEnd, std::int64_t>& ends);

 private:
  // False: not now.
  [[nodiscard]] bool MarkAlone(ReplayId replay, ReplayResult result);

  ReplayWork& work_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace deadletter
