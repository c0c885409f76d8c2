// The relay: the only part that publishes. It sends what the ledger has committed, until the broker
// has confirmed it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/latch.h"
#include "base/signal.h"
#include "broker/publisher.h"
#include "handler/deference.h"
#include "ledger/outbox.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter {

struct RelayOptions {
  std::size_t batch_messages = 500;
  std::size_t batch_bytes = std::size_t{8} << 20;
  // Of a claim. If we die holding it, the entries are published by somebody else after this long. A
  // broker that takes longer to answer makes somebody else send them too: a duplicate of the same
  // message_id, which consumers drop.
  std::chrono::milliseconds lease{15'000};
  std::chrono::milliseconds idle_wait{1'000};  // until the outbox is asked again without being told
  // From one claim to the next where the first took all that was due: letters that trickle in are
  // told of together, in place of two transactions and three flushes for each.
  std::chrono::milliseconds shortest_round{20};
  std::string event_exchange;  // watched for readiness; empty: events are off
  // While intake has a backlog it goes first: what limits both is mostly the same database and
  // broker, and a flood's executions are to be failed before everybody is told of each. So often
  // one batch leaves all the same; and once the outbox has been behind for so long, the relay takes
  // its full share until it has caught up.
  std::chrono::milliseconds longest_backlog{1'000};
  std::chrono::milliseconds longest_behind{60'000};
};

// One thread of its own. Everything referred to must outlive it.
class Relay {
 public:
  Relay(std::unique_ptr<Outbox> outbox, std::unique_ptr<Publisher> publisher, const Clock& clock,
        Metrics& metrics, Health& health, RelayOptions options, Backlog backlog = {});
  ~Relay();  // as Stop() without patience

  void Start();
  void Notify();  // something was written to the outbox; any thread
  // Finishes the window in flight, sends what is due, and ends; at `deadline` it stops
  // waiting for answers, and what has none is published again later.
  void Stop(std::chrono::steady_clock::time_point deadline);

  // Publishes what is due, on the caller's thread, without Start(). Returns how many entries were
  // claimed. For programs that submit and leave.
  std::size_t SendOnce(const std::stop_token& stop);

 private:
  void Run(const std::stop_token& stop);
  [[nodiscard]] bool LetsIntakeGoFirst();
  [[nodiscard]] bool IsFull(const std::vector<OutboxEntry>& entries) const;
  // Takes those out that must not be published, and says how to mark them.
  [[nodiscard]] std::vector<OutboxResult> PutOffWithheld(std::vector<OutboxEntry>& entries);
  void MarkUntilItHolds(const std::vector<OutboxResult>& results, const std::stop_token& stop);
  void WatchExchange();
  void WatchBacklog();
  void LedgerAway(const LedgerError& error, const std::stop_token& stop);
  void BrokerAway(const std::string* why);  // null: it is not

  const std::unique_ptr<Outbox> outbox_;
  const std::unique_ptr<Publisher> publisher_;
  const Clock& clock_;
  Metrics& metrics_;
  Health& health_;
  const RelayOptions options_;
  Signal signal_;
  Signal rest_;  // never notified: a wait that a stop ends
  Backoff ledger_backoff_;
  Backoff broker_backoff_;
  bool broker_away_ = false;
  Deference deference_;
  bool has_caught_up_ = false;  // the last claim has left nothing that was due
  // Since when the outbox may hold more than one batch because intake went first.
  std::optional<std::chrono::steady_clock::time_point> behind_since_;
  std::chrono::steady_clock::time_point watched_{};
  Latch done_;
  std::jthread thread_;
};

// What the relay does about each answer: pure. `now` is the moment of the answer.
[[nodiscard]] OutboxResult MarkFor(const OutboxEntry& entry, const PublishResult& result,
                                   Instant now);

}  // namespace deadletter
