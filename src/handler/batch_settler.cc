#include "handler/batch_settler.h"

#include <algorithm>

#include "base/text.h"
#include "handler/judge.h"
#include "letter/outcome.h"

namespace deadletter {
namespace {

// A deadlock is over as soon as one side gave way; what is busy for longer has another reason.
constexpr int kBusyTries = 8;
constexpr int kBusyTriesOfHalves = 2;
// How long the platform may have to wait for a row of ours, as far as smaller pieces can help.
constexpr std::chrono::seconds kLongSettle(5);
constexpr std::size_t kFirstLetters = 125;  // doubled as long as it is quick

// Whether fewer letters may go through where these did not.
bool IsHalved(LedgerFault fault) {
  switch (fault) {
    case LedgerFault::kLetter:
    case LedgerFault::kBusy:
    case LedgerFault::kTooLong:
      return true;
    case LedgerFault::kUnavailable:
    case LedgerFault::kInDoubt:
    case LedgerFault::kRowLocked:
    case LedgerFault::kStatement:
      break;
  }
  return false;
}

}  // namespace

BatchSettler::BatchSettler(Settlement& settlement, SettleCall call, const Clock& clock,
                           Stopwatch stopwatch)
    : settlement_(settlement),
      call_(std::move(call)),
      clock_(clock),
      stopwatch_(std::move(stopwatch)),
      most_letters_(kFirstLetters) {}

SettleProgress BatchSettler::Settle(std::span<const Judgement> batch) {
  SettleProgress progress;
  SettleHalves(batch.first(std::min(batch.size(), most_letters_)), kBusyTries, progress);
  return progress;
}

void BatchSettler::LearnFrom(std::size_t letters, std::chrono::steady_clock::duration took) {
  if (took > kLongSettle) {
    const auto share = std::chrono::duration<double>(kLongSettle) / took;
    most_letters_ =
        std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(letters) * share));
  } else if (letters >= most_letters_ && took < kLongSettle / 2) {
    most_letters_ = letters * 2;
  }
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
  const auto began = stopwatch_();
  auto settled = TryWhole(batch, busy_tries);
  if (settled) {
    LearnFrom(batch.size(), stopwatch_() - began);
    progress.settled.insert(progress.settled.end(), settled->begin(), settled->end());
    return;
  }
  const LedgerFault fault = settled.error().fault;
  if (!IsHalved(fault)) {
    progress.error = settled.error();
    return;
  }
  const bool too_long = fault == LedgerFault::kTooLong;
  if (too_long) most_letters_ = std::max<std::size_t>(1, batch.size() / 2);
  if (batch.size() > 1) {
    const std::size_t half = batch.size() / 2;
    SettleHalves(batch.first(half), kBusyTriesOfHalves, progress);
    // The second half waits for the first: what is settled must be the batch's front, or acks would
    // run ahead. Where the whole is more than goes at once, it waits for the next call.
    if (progress.error || too_long || batch.size() > most_letters_) return;
    SettleHalves(batch.subspan(half), kBusyTriesOfHalves, progress);
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
// somebody's way for too long, or takes too long itself.
LedgerResult<SettledLetter> BatchSettler::RecordAlone(const Judgement& judgement,
                                                      const LedgerError& error) {
  // A ledger that fails an empty settle as well is out of order, and no letter is to be blamed for
  // it.
  if (const auto probe = settlement_.Probe(); !probe) return Unexpected<LedgerError>(probe.error());
  const Outcome outcome =
      error.fault == LedgerFault::kLetter ? Outcome::kRefused : Outcome::kDeferred;
  Judgement alone = judgement;
  alone.fixed = {outcome, DisplayText(error.code + ": " + error.message, kMaxDetailBytes)};
  alone.retry.reset();
  alone.try_again_at = TryAgainAt(outcome, judgement.tries, clock_.Now());
  auto settled = call_(std::span(&alone, 1), LockedRows::kWait);
  if (!settled) return Unexpected<LedgerError>(settled.error());
  return settled->front();
}

}  // namespace deadletter
