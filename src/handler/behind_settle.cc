#include "handler/behind_settle.h"

#include <algorithm>
#include <utility>

#include "telemetry/log.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kPrunedAtOnce = 1'000;
constexpr milliseconds kShortestRest(5);

// Somebody else has the lock that we want: it is his turn, and there is nothing wrong.
bool IsSomebodysTurn(const LedgerError& error) {
  return error.fault == LedgerFault::kBusy || error.fault == LedgerFault::kRowLocked;
}

}  // namespace

BehindSettle::BehindSettle(std::unique_ptr<Counting> counting, Backlog backlog, const Clock& clock,
                           Metrics& metrics, Health& health, BehindSettleOptions options)
    : counting_(std::move(counting)),
      backlog_(std::move(backlog)),
      clock_(clock),
      metrics_(metrics),
      health_(health),
      options_(options),
      backoff_(milliseconds(200), milliseconds(10'000)) {}

BehindSettle::~BehindSettle() {
  Stop();
}

void BehindSettle::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void BehindSettle::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  counting_->Abort();
  thread_.join();
}

void BehindSettle::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto began = steady_clock::now();
    const auto round = WorkOnce();
    if (!round) {
      if (stop.stop_requested()) return;
      // Letters are handled all the same: only what is shown of them is old.
      if (health_.Set("groups", HealthState::kWarning, round.error().message)) {
        LogWarning("groups_wait", {{"cause", std::string(LedgerFaultName(round.error().fault))},
                                   {"why", round.error().message}});
      }
      nap_.WaitFor(stop, backoff_.Next());
      continue;
    }
    backoff_.Reset();
    health_.Set("groups", HealthState::kReady);
    switch (*round) {
      case Round::kWorked:
        // The embedded ledger has one lock for all: whoever waits for it gets it now.
        nap_.WaitFor(stop, std::max(kShortestRest, std::chrono::duration_cast<milliseconds>(
                                                       steady_clock::now() - began)));
        break;
      case Round::kIdle:
        nap_.WaitFor(stop, options_.idle_wait);
        break;
      case Round::kBacklog:
        nap_.WaitFor(stop, options_.backlog_wait);
        break;
    }
  }
}

bool BehindSettle::MustWait() {
  if (!backlog_()) {
    waits_since_.reset();
    return false;
  }
  const auto now = steady_clock::now();
  if (!waits_since_) waits_since_ = now;
  if (now - *waits_since_ < options_.longest_backlog) return true;
  waits_since_ = now;
  return false;
}

LedgerResult<BehindSettle::Round> BehindSettle::WorkOnce() {
  if (MustWait()) return Round::kBacklog;
  const auto counted = counting_->Count(counting_->AtOnce(), clock_.Now());
  if (!counted) {
    if (IsSomebodysTurn(counted.error())) return Round::kIdle;
    return Unexpected<LedgerError>(counted.error());
  }
  metrics_.SetUncountedLetters(counted->uncounted);
  if (counted->more) return Round::kWorked;
  if (auto pruned = Prune(); !pruned && !IsSomebodysTurn(pruned.error()))
    return Unexpected<LedgerError>(pruned.error());
  return Round::kIdle;
}

// What there is more than that goes the next time.
LedgerResult<void> BehindSettle::Prune() {
  const auto now = steady_clock::now();
  if (pruned_ != steady_clock::time_point() && now - pruned_ < options_.prune_every) return {};
  pruned_ = now;
  const auto pruned = counting_->Prune(clock_.Now(), kPrunedAtOnce);
  if (!pruned) return Unexpected<LedgerError>(pruned.error());
  return {};
}

}  // namespace deadletter
