#include "handler/counter.h"

#include <utility>

#include "telemetry/log.h"

namespace deadletter {
namespace {

constexpr std::size_t kPrunedAtOnce = 1'000;

}  // namespace

Counter::Counter(std::unique_ptr<Counting> counting, const Clock& clock, Metrics& metrics,
                 std::chrono::milliseconds prune_every)
    : counting_(std::move(counting)), clock_(clock), metrics_(metrics), prune_every_(prune_every) {}

LedgerResult<bool> Counter::DoSome() {
  const auto counted = counting_->Count(counting_->AtOnce(), clock_.Now());
  if (!counted) return Unexpected<LedgerError>(counted.error());
  metrics_.SetUncountedLetters(counted->uncounted);
  if (counted->more) return true;
  if (auto pruned = Prune(); !pruned) return Unexpected<LedgerError>(pruned.error());
  return false;
}

// What there is more than that goes the next time.
LedgerResult<void> Counter::Prune() {
  const auto now = std::chrono::steady_clock::now();
  if (pruned_ != std::chrono::steady_clock::time_point() && now - pruned_ < prune_every_) return {};
  pruned_ = now;
  const auto pruned = counting_->Prune(clock_.Now(), kPrunedAtOnce);
  if (!pruned) return Unexpected<LedgerError>(pruned.error());
  return {};
}

void Counter::Complain(const LedgerError& error) const {
  LogWarning("groups_wait",
             {{"cause", std::string(LedgerFaultName(error.fault))}, {"why", error.message}});
}

}  // namespace deadletter
