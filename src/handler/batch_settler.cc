#include "handler/batch_settler.h"

#include "base/text.h"
#include "handler/judge.h"

namespace deadletter {
namespace {

// A deadlock is over as soon as one side gave way; what is busy for longer has another reason.
constexpr int kBusyTries = 8;
constexpr int kBusyTriesOfHalves = 2;
constexpr std::size_t kMaxDetailBytes = 1000;

}  // namespace

BatchSettler::BatchSettler(Settlement& settlement, SettleCall call, const Clock& clock)
    : settlement_(settlement), call_(std::move(call)), clock_(clock) {}

SettleProgress BatchSettler::Settle(std::span<const Judgement> batch) {
  SettleProgress progress;
  SettleHalves(batch, kBusyTries, progress);
  return progress;
}

LedgerResult<std::vector<SettledLetter>> BatchSettler::TryWhole(std::span<const Judgement> batch,
                                                                int busy_tries) {
  LockedRows locked = LockedRows::kWait;
  for (int tries = 1;; ++tries) {
    auto settled = call_(batch, locked);
    if (settled) return settled;
    if (settled.error().fault == LedgerFault::kRowLocked && locked == LockedRows::kWait) {
      // Somebody has held one of these rows for the whole lock_timeout: whatever is locked now is
      // left for later.
      locked = LockedRows::kDefer;
    } else if (settled.error().fault != LedgerFault::kBusy || tries >= busy_tries) {
      return settled;
    }
  }
}

void BatchSettler::SettleHalves(std::span<const Judgement> batch, int busy_tries,
                                SettleProgress& progress) {
  if (batch.empty()) return;
  auto settled = TryWhole(batch, busy_tries);
  if (settled) {
    progress.settled.insert(progress.settled.end(), settled->begin(), settled->end());
    return;
  }
  const LedgerFault fault = settled.error().fault;
  if (fault != LedgerFault::kLetter && fault != LedgerFault::kBusy) {
    progress.error = settled.error();
    return;
  }
  if (batch.size() > 1) {
    const std::size_t half = batch.size() / 2;
    SettleHalves(batch.first(half), kBusyTriesOfHalves, progress);
    // The second half waits for the first: what is settled must be the batch's front, or acks would
    // run ahead.
    if (!progress.error) SettleHalves(batch.subspan(half), kBusyTriesOfHalves, progress);
    return;
  }
  auto alone = RecordAlone(batch.front(), settled.error());
  if (alone) {
    progress.settled.push_back(*alone);
  } else {
    progress.error = alone.error();
  }
}

// Without touching its execution: refused where the ledger refuses it, deferred where it is in
// somebody's way for too long.
LedgerResult<SettledLetter> BatchSettler::RecordAlone(const Judgement& judgement,
                                                      const LedgerError& error) {
  // A ledger that fails an empty settle as well is out of order, and no letter is to be blamed for
  // it.
  if (const auto probe = settlement_.Probe(); !probe) return Unexpected<LedgerError>(probe.error());
  const Outcome outcome =
      error.fault == LedgerFault::kBusy ? Outcome::kDeferred : Outcome::kRefused;
  Judgement alone = judgement;
  alone.fixed = {outcome, DisplayText(error.code + ": " + error.message, kMaxDetailBytes)};
  alone.retry.reset();
  alone.try_again_at = TryAgainAt(outcome, judgement.tries, clock_.Now());
  auto settled = call_(std::span(&alone, 1), LockedRows::kWait);
  if (!settled) return Unexpected<LedgerError>(settled.error());
  return settled->front();
}

}  // namespace deadletter
