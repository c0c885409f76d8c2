// What is done with letters once they are recorded and acknowledged, and can wait: they are counted
// into groups and hours.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/signal.h"
#include "ledger/counting.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter {

// Whether intake has more to do than it does at once; may be asked from any thread, and never
// waits.
using Backlog = std::function<bool()>;

struct BehindSettleOptions {
  std::chrono::milliseconds idle_wait{1'000};
  // While intake has a backlog it is asked so often whether it has one still; and after so long a
  // wait a little is done all the same, so that a flood that does not end is seen in what is shown.
  std::chrono::milliseconds backlog_wait{100};
  std::chrono::milliseconds longest_backlog{2'000};
  std::chrono::milliseconds prune_every{60'000};
};

// One thread of its own. Never in settle's way: it does a little at a time, rests for as long as
// that took, and waits while intake has a backlog. Everything referred to must outlive it.
class BehindSettle {
 public:
  BehindSettle(std::unique_ptr<Counting> counting, Backlog backlog, const Clock& clock,
               Metrics& metrics, Health& health, BehindSettleOptions options = {});
  ~BehindSettle();  // as Stop()

  void Start();
  void Stop();  // does not wait for the ledger

  enum class Round {
    kWorked,   // and there is more to do
    kIdle,     // there is nothing more to do
    kBacklog,  // intake comes first
  };
  // One round of what the thread does.
  [[nodiscard]] LedgerResult<Round> WorkOnce();

 private:
  void Run(const std::stop_token& stop);
  [[nodiscard]] bool MustWait();
  [[nodiscard]] LedgerResult<void> Prune();

  const std::unique_ptr<Counting> counting_;
  const Backlog backlog_;
  const Clock& clock_;
  Metrics& metrics_;
  Health& health_;
  const BehindSettleOptions options_;
  std::optional<std::chrono::steady_clock::time_point> waits_since_;  // for intake
  std::chrono::steady_clock::time_point pruned_;
  Signal nap_;  // never notified: a wait that a stop ends
  Backoff backoff_;
  std::jthread thread_;
};

}  // namespace deadletter
