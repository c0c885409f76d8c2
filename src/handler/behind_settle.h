// What is done with letters once they are recorded and acknowledged, and can wait: they are counted
// into groups and hours, and indexed by their words.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "base/backoff.h"
#include "base/signal.h"
#include "handler/chore.h"
#include "handler/deference.h"
#include "telemetry/health.h"

namespace deadletter {

struct BehindSettleOptions {
  std::chrono::milliseconds idle_wait{1'000};
  // While intake has a backlog it is asked so often whether it has one still; and after so long a
  // wait a little is done all the same, so that a flood that does not end is seen in what is shown.
  std::chrono::milliseconds backlog_wait{100};
  std::chrono::milliseconds longest_backlog{2'000};
  // A chore that fails is left alone for that long, and longer each time.
  std::chrono::milliseconds first_backoff{200};
  std::chrono::milliseconds longest_backoff{10'000};
};

// One thread of its own. Never in settle's way: it does a little of each chore at a time, rests for
// as long as that took, and waits while intake has a backlog. A chore that fails keeps no other
// from being done. Everything referred to must outlive it.
class BehindSettle {
 public:
  BehindSettle(std::vector<std::unique_ptr<Chore>> chores, Backlog backlog, Health& health,
               BehindSettleOptions options = {});
  ~BehindSettle();  // as Stop()

  void Start();
  void Stop();  // does not wait for the ledger

  enum class Round {
    kWorked,   // and there is more to do
    kIdle,     // there is nothing more to do now
    kBacklog,  // intake comes first
  };
  // One round of what the thread does.
  [[nodiscard]] Round WorkOnce();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Task {
    std::unique_ptr<Chore> chore;
    Backoff backoff;
    SteadyTime due{};  // not to be done before
  };

  void Run(const std::stop_token& stop);
  [[nodiscard]] bool DoSome(Task& task);
  [[nodiscard]] std::chrono::milliseconds IdleWait() const;

  std::vector<Task> tasks_;
  Health& health_;
  const BehindSettleOptions options_;
  Deference deference_;
  Signal nap_;  // never notified: a wait that a stop ends
  std::atomic<bool> is_stopping_{false};
  std::jthread thread_;
};

}  // namespace deadletter
