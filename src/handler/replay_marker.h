// How a replay's letters fared, told to the ledger and counted.
#pragma once

#include <chrono>
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

  using Moment = std::chrono::steady_clock::time_point;

  // All together. What the ledger cannot mark because of one letter (the platform refuses its row,
  // or somebody holds it) is marked one by one as Pay() does, and the rest is owed: it keeps nobody
  // else. An error: the ledger is away, nothing is owed, and all of them are to be marked again,
  // which changes nothing where they are marked already.
  [[nodiscard]] LedgerResult<void> Mark(ReplayId replay, const std::vector<ReplayResult>& results,
                                        OwedMarks& owed, Moment until);
  // One by one, until one is refused or the time is over: each is a transaction, and whoever pays
  // has a lease to renew.
  void Pay(ReplayId replay, OwedMarks& owed, Moment until);
  void Count(const std::map<ReplayEnd, std::int64_t>& ends);

 private:
  // False: not now.
  [[nodiscard]] bool MarkAlone(ReplayId replay, ReplayResult result);

  ReplayWork& work_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace deadletter
