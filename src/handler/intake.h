// Intake: the road of a letter from one dead letter queue into the ledger. Read intake.cc first.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/backoff.h"
#include "base/latch.h"
#include "base/signal.h"
#include "handler/batch_settler.h"
#include "handler/inbox.h"
#include "handler/judge.h"

namespace deadletter {

struct IntakeOptions {
  InboxOptions inbox;
  std::size_t batch_letters = 1000;
  // How long a batch is held while the ledger is away before the broker gets it back. Long enough
  // for a restart or a failover; short enough for the broker's 30 minutes for an acknowledgement to
  // be far away.
  std::chrono::milliseconds hold{60'000};
  // How long nothing is consumed after a batch went back; doubled each time that nothing could be
  // recorded in between. A queue with a delivery limit counts every such return.
  std::chrono::milliseconds first_return{1'000};
  std::chrono::milliseconds longest_return{30 * 60'000};
};

// Threads: the inbox's receives, reads and judges, this one's settles, and in a flood a helper
// settles beside it, over a session of its own.
// Everything referred to must outlive it.
class Intake {
 public:
  // `helping`: the helper's; null: there is none (a ledger that lets one write at a time).
  // `events_written` is called after a settle that failed executions, so that the relay need not be
  // waited for; from either of the two.
  Intake(std::unique_ptr<Consumer> consumer, std::unique_ptr<Settlement> settlement,
         std::unique_ptr<Settlement> helping, const LetterReader& reader, const Judge& judge,
         const Clock& clock, Metrics& metrics, Health& health, IntakeOptions options,
         std::function<void()> events_written);
  ~Intake();  // as FinishBy() without patience; then waits for the threads to end

  void Start();
  // No further letters; batches in hand are finished. Returns at once. For whoever called Start().
  void RequestStop();
  // Waits for that until `deadline`, then gives them up: the broker has them still, but for those
  // of a queue that was deleted meanwhile, which are told as lost.
  void FinishBy(std::chrono::steady_clock::time_point deadline);

  // More letters wait than a quarter of a batch, or as many are being settled as one of the two may
  // settle at once: whatever can be done later has to wait. Any thread.
  [[nodiscard]] bool HasBacklog() const;

 private:
  struct BegunBatch {
    TakenBatch batch;
    std::size_t recorded = 0;  // of its letters

    [[nodiscard]] std::span<const Judgement> Rest() const {
      return std::span<const Judgement>(batch.judgements).subspan(recorded);
    }
  };
  // What the helper could not settle, for the other one to deal with.
  struct Unfinished {
    BegunBatch begun;
    LedgerError error;
  };

  void Run(const std::stop_token& stop);
  void HandleOneBatch(const std::stop_token& stop);
  // Empty: stopped, or there was only something that comes again.
  [[nodiscard]] BegunBatch NextBatch(const std::stop_token& stop);
  [[nodiscard]] bool GoesOn(const TakenBatch& batch);
  void Help(const std::stop_token& stop);
  [[nodiscard]] std::optional<LedgerError> SettleUntilError(BatchSettler& settler,
                                                            BegunBatch& begun);
  void TellOfRest(const LedgerError& error, std::chrono::milliseconds rest);
  void LeaveUnfinished(Unfinished unfinished, const std::stop_token& stop);
  [[nodiscard]] std::optional<Unfinished> TakeUnfinished();
  void Leave(BegunBatch begun, const std::stop_token& stop);
  // The last error; absent: there is nothing more of deleted queues.
  std::optional<LedgerError> SettleWhatIsGone();
  void TellOfLost(const LedgerError& error);
  [[nodiscard]] BatchSettler SettlerOver(Settlement& settlement);
  [[nodiscard]] SettleProgress SettleSome(BatchSettler& settler, BegunBatch& begun);
  bool WaitForLedger(const LedgerError& error, const BegunBatch& begun,
                     const std::stop_token& stop);
  void AwaitLedger(std::span<const Judgement> rest, const std::stop_token& stop);
  [[nodiscard]] LedgerResult<void> Rehearse(std::span<const Judgement> rest);
  void Pause(const LedgerError& error);
  void Resume();
  void Report(std::span<const Judgement> judgements, const SettleProgress& progress,
              std::chrono::steady_clock::time_point began);

  const std::string queue_;
  const std::string part_;  // in Health
  const std::unique_ptr<Settlement> settlement_;
  const std::unique_ptr<Settlement> helping_;
  const Clock& clock_;
  Metrics& metrics_;
  BatchSettler settler_;
  Health& health_;
  const IntakeOptions options_;
  const std::size_t most_letters_;  // that each settles at once
  const std::function<void()> events_written_;
  Inbox inbox_;
  std::atomic<std::size_t> settling_letters_{0};
  std::mutex mutex_;
  std::condition_variable_any taken_up_;
  std::optional<Unfinished> unfinished_;  // guarded by mutex_

  std::vector<BegunBatch> interrupted_;  // by a stop: the settling thread's
  std::stop_source given_up_;            // nobody waits for the end any longer

  std::string paused_cause_;  // empty: not paused
  std::chrono::steady_clock::time_point paused_since_;
  Backoff backoff_;         // } both begin anew with the next letter recorded here, not by
  Backoff return_backoff_;  // } the helper
  Signal nap_;              // never notified: a wait that a stop ends
  Signal helper_nap_;       // the helper's
  Latch done_;
  std::jthread thread_;
};

}  // namespace deadletter
