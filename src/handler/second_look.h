// Letters that the ledger holds and that are not settled for good: deferred and refused ones are
// settled again from the ledger, and open ones close when their execution has become final.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <thread>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/signal.h"
#include "handler/batch_settler.h"
#include "handler/judge.h"
#include "letter/letter_reader.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter {

struct SecondLookOptions {
  std::size_t batch_letters = 100;
  std::size_t batch_bytes = std::size_t{8} << 20;
  std::chrono::milliseconds lease{60'000};
  std::chrono::milliseconds idle_wait{1'000};
  bool close_finished = true;  // off where the platform's table is not read (observe)
};

// One thread of its own. Everything referred to must outlive it.
class SecondLook {
 public:
  SecondLook(std::unique_ptr<Settlement> settlement, const LetterReader& reader, const Judge& judge,
             const Clock& clock, Metrics& metrics, Health& health, SecondLookOptions options,
             std::function<void()> events_written);
  ~SecondLook();  // as Stop()

  void Start();
  void Stop();

  // One round of what the thread does; returns whether there was something to do.
  [[nodiscard]] LedgerResult<bool> LookOnce();

 private:
  void Run(const std::stop_token& stop);
  [[nodiscard]] LedgerResult<void> BringForward();
  void Report(std::span<const Judgement> judgements, const SettleProgress& progress);

  const std::unique_ptr<Settlement> settlement_;
  BatchSettler settler_;
  const LetterReader& reader_;
  const Judge& judge_;
  const Clock& clock_;
  Metrics& metrics_;
  Health& health_;
  const SecondLookOptions options_;
  const std::function<void()> events_written_;
  std::chrono::steady_clock::time_point brought_forward_;
  Signal signal_;
  Backoff backoff_;
  std::jthread thread_;
};

}  // namespace deadletter
