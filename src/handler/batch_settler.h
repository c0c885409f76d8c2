// Settling a batch so that one letter cannot stop the others (P5).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "ledger/settlement.h"

namespace deadletter {

// How far it went: the first `settled.size()` judgements are durably recorded, in order; `error`
// tells why the one after them is not (absent: all are, or it is its turn in the next call).
struct SettleProgress {
  std::vector<SettledLetter> settled;
  std::optional<LedgerError> error;
};

// Which of the two calls of the port is made: for letters that have just come, or for those in the
// ledger.
using SettleCall =
    std::function<LedgerResult<std::vector<SettledLetter>>(std::span<const Judgement>, LockedRows)>;

// For tests: time that passes as they say.
using Stopwatch = std::function<std::chrono::steady_clock::time_point()>;

// One thread. The settlement must outlive it.
class BatchSettler {
 public:
  BatchSettler(Settlement& settlement, SettleCall call, const Clock& clock,
               Stopwatch stopwatch = &std::chrono::steady_clock::now);

  // Settles from left to right: the whole batch in one transaction where that goes; where the
  // ledger refuses it for a letter's reason, halves, until that letter stands alone and is recorded
  // as refused. Rows that are locked defer their letters. Deadlocks are tried again a few times;
  // what stays busy (a trigger that waits for a lock of somebody's, say) and what takes the ledger
  // too long is halved as well, until the letter that meets it stands alone and is recorded as
  // deferred. Every other error ends it.
  //
  // A settle holds its executions' rows, and the platform's workers wait for them: where settling
  // is slow (a trigger of the platform's, say), a call settles a piece of the batch only, of about
  // 5 s, so that whoever calls acknowledges it and comes again with the rest. Where it is quick,
  // the pieces grow; the first ones are small, for nobody knows yet. Without an error at least one
  // letter is settled, of a batch that has any.
  [[nodiscard]] SettleProgress Settle(std::span<const Judgement> batch);

 private:
  void LearnFrom(std::size_t letters, std::chrono::steady_clock::duration took);
  [[nodiscard]] LedgerResult<std::vector<SettledLetter>> TryWhole(std::span<const Judgement> batch,
                                                                  int busy_tries);
  void SettleHalves(std::span<const Judgement> batch, int busy_tries, SettleProgress& progress);
  [[nodiscard]] LedgerResult<SettledLetter> RecordAlone(const Judgement& judgement,
                                                        const LedgerError& error);

  Settlement& settlement_;
  SettleCall call_;
  const Clock& clock_;
  const Stopwatch stopwatch_;
  std::size_t most_letters_;  // in one transaction
};

}  // namespace deadletter
