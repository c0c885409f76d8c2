#include "handler/batch_settler.h"

#include "base/text.h"
#include "handler/judge.h"

namespace deadletter {
namespace {

// A deadlock is over as soon as one side gave way; more than this many in a row is an outage.
constexpr int kBusyTries = 8;
constexpr std::size_t kMaxDetailBytes = 1000;

}  // namespace

BatchSettler::BatchSettler(Settlement& settlement, SettleCall call, const Clock& clock)
    : settlement_(settlement), call_(std::move(call)), clock_(clock) {}

SettleProgress BatchSettler::Settle(std::span<const Judgement> batch) {
  SettleProgress progress;
  SettleHalves(batch, progress);
  return progress;
}

LedgerResult<std::vector<SettledLetter>> BatchSettler::TryWhole(std::span<const Judgement> batch) {
  LockedRows locked = LockedRows::kWait;
  for (int tries = 1;; ++tries) {
    auto settled = call_(batch, locked);
    if (settled) return settled;
    if (settled.error().fault == LedgerFault::kRowLocked && locked == LockedRows::kWait) {
      // Somebody has held one of these rows for the whole lock_timeout: whatever is locked now is
      // left for later.
      locked = LockedRows::kDefer;
    } else if (settled.error().fault != LedgerFault::kBusy || tries >= kBusyTries) {
      return settled;
    }
  }
}

void BatchSettler::SettleHalves(std::span<const Judgement> batch, SettleProgress& progress) {
  if (batch.empty()) return;
  auto settled = TryWhole(batch);
  if (settled) {
    progress.settled.insert(progress.settled.end(), settled->begin(), settled->end());
    return;
  }
  if (settled.error().fault != LedgerFault::kLetter) {
    progress.error = settled.error();
    return;
  }
  if (batch.size() > 1) {
    const std::size_t half = batch.size() / 2;
    SettleHalves(batch.first(half), progress);
    // The second half waits for the first: what is settled must be the batch's front, or acks would
    // run ahead.
    if (!progress.error) SettleHalves(batch.subspan(half), progress);
    return;
  }
  auto refused = RecordRefused(batch.front(), settled.error());
  if (refused) {
    progress.settled.push_back(*refused);
  } else {
    progress.error = refused.error();
  }
}

LedgerResult<SettledLetter> BatchSettler::RecordRefused(const Judgement& judgement,
                                                        const LedgerError& error) {
  // A ledger that refuses an empty settle as well is out of order, and no letter is to be blamed
  // for it.
  if (const auto probe = settlement_.Probe(); !probe) return Unexpected<LedgerError>(probe.error());
  Judgement refused = judgement;
  refused.fixed = {Outcome::kRefused,
                   DisplayText(error.code + ": " + error.message, kMaxDetailBytes)};
  refused.retry.reset();
  refused.try_again_at = TryAgainAt(Outcome::kRefused, judgement.tries, clock_.Now());
  auto settled = call_(std::span(&refused, 1), LockedRows::kWait);
  if (!settled) return Unexpected<LedgerError>(settled.error());
  return settled->front();
}

}  // namespace deadletter
