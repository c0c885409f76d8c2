// The broker's side of intake: one thread that receives, reads and judges letters while the batch
// before is being settled. A client library sends its heartbeats only while it is called, so this
// thread never waits for the ledger.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "broker/consumer.h"
#include "handler/batches_in_hand.h"
#include "handler/caution.h"
#include "handler/judge.h"
#include "handler/letter_buffer.h"
#include "letter/letter_reader.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter {

struct InboxOptions {
  std::size_t prefetch = 2000;
  // Of letters received and not settled yet, those of the batch in hand included.
  std::size_t max_buffered_bytes = std::size_t{64} << 20;
  // One larger letter comes alone. A batch is in memory three times while it is settled: as
  // letters, encoded, and on its way to the server.
  std::size_t max_batch_bytes = std::size_t{8} << 20;
  bool optional = false;  // the queue need not exist
};

// The settling side's calls (everything but Run) may come from any thread.
class Inbox {
 public:
  // Everything referred to must outlive it.
  Inbox(std::unique_ptr<Consumer> consumer, const LetterReader& reader, const Judge& judge,
        const Clock& clock, Metrics& metrics, Health& health, InboxOptions options);
  ~Inbox();  // as Stop()

  void Start();

  // At most `limit` letters; waits for the first one and for no other. Empty: stopped, or told to
  // LookUp(). A letter that was delivered often before comes alone, after all that were taken
  // before it, and is judged only then: it may be what kills us. What has waited here is judged
  // anew, so that the times in a judgement are those of its settle.
  [[nodiscard]] TakenBatch Take(std::size_t limit, const std::stop_token& stop);
  // For whoever helps in a flood: waits until there are about as many letters as may be taken at
  // once, and none that comes alone. False: stopped.
  [[nodiscard]] bool AwaitWholeBatch(std::size_t limit, const std::stop_token& stop);
  // Takes them as Take() does, if they are there still; never waits.
  [[nodiscard]] TakenBatch TakeWholeBatch(std::size_t limit);
  // For the end, after Stop(): takes what is left of a queue that was deleted, at most `limit`
  // letters. Empty: there is none.
  [[nodiscard]] TakenBatch TakeGone(std::size_t limit);
  // Take() returns, once, whether there is a letter or not.
  void LookUp();
  // The batch is done with: settled, or given back. Its bytes make room for others.
  void Release(TakenBatch batch);
  // False: what of it is not recorded was given back, or comes again over another channel.
  [[nodiscard]] bool IsInHand(const TakenBatch& batch) const;
  // Its queue was deleted: it is in hand whatever happens to the channel, and comes from nowhere
  // again. What is given up of it is lost.
  [[nodiscard]] bool IsGone(const TakenBatch& batch) const;

  // Whether more than so many letters, or bytes of letters, are received and not settled; batches
  // in hand count with their bytes only. Never waits.
  [[nodiscard]] bool HoldsMoreThan(std::size_t letters, std::size_t bytes) const;

  // The letters of that batch up to this one are recorded; `is_all`: there is none behind it.
  // Acknowledged soon, all at once, when those of the batches taken before are, too; never waits.
  void Recorded(const TakenBatch& batch, DeliveryTag tag, bool is_all);

  // No further letters are delivered; those in hand stay ours and may be acknowledged.
  void Hold();
  // What is not acknowledged goes back to the queue: the channel is closed, once.
  void GiveBack();
  // Delivery goes on after Hold() or GiveBack().
  void Resume();

  // Acknowledges what it was told to, gives the rest back and ends the thread.
  void Stop();
  // For when Stop() would wait for a broker that does not answer.
  void Abort() { consumer_->Abort(); }

 private:
  enum class Wanted { kDelivery, kHold, kGiveBack };
  // What the settling side has asked for. Looked at once a step: who waits, waits until it differs
  // from what the step was decided by, or a word said in between would be missed for ever.
  struct Orders {
    Wanted wanted = Wanted::kDelivery;
    bool give_back = false;  // the channel is still to be closed
    friend bool operator==(const Orders&, const Orders&) = default;
  };
  enum class Loss { kComesAgain, kIsGone };

  void Run(const std::stop_token& stop);
  void Step(const std::stop_token& stop);
  void Deliver(const std::stop_token& stop);
  void KeepHold(const Orders& orders, const std::stop_token& stop);
  bool Subscribed(const std::stop_token& stop);
  void LeaveUnreadable(const BrokerError& error);
  void Store(std::vector<Delivery> deliveries);
  [[nodiscard]] LetterBuffer::Received ReadAndJudge(Delivery delivery) const;
  void TellOfOften(const Letter& letter);
  void WriteAcknowledgement(const std::stop_token& stop);
  void Lost(const BrokerError& error, const std::stop_token& stop);
  void Forget(Loss loss);
  void Wait(const Orders& orders, const std::stop_token& stop, std::chrono::milliseconds limit);
  void Want(Wanted wanted);
  void WakeHelper();
  [[nodiscard]] TakenBatch TakeNow(std::size_t limit, std::unique_lock<std::mutex> lock);
  [[nodiscard]] Orders orders() const;
  [[nodiscard]] ReceiveLimits Room() const;

  const std::unique_ptr<Consumer> consumer_;
  const LetterReader& reader_;
  const Judge& judge_;
  const Clock& clock_;
  Metrics& metrics_;
  Health& health_;
  const InboxOptions options_;
  const std::string part_;  // in Health

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::condition_variable_any whole_batch_;  // one letter must not wake who helps
  LetterBuffer buffer_;                      // guarded by mutex_
  BatchesInHand in_hand_;                    // guarded by mutex_
  bool looks_up_ = false;                    // guarded by mutex_
  std::size_t helpers_limit_ = 0;  // guarded by mutex_: of AwaitWholeBatch(); 0: nobody helps
  Orders orders_;                  // guarded by mutex_
  DeliveryTag to_acknowledge_;     // guarded by mutex_
  std::uint64_t generation_ = 0;   // guarded by mutex_: of the letters received last

  // Only the thread's:
  bool has_channel_ = false;             // what was delivered on it is ours
  std::size_t subscribed_prefetch_ = 0;  // 0: not subscribed
  std::chrono::steady_clock::time_point subscribed_at_;
  Caution caution_;
  bool stuck_ = false;  // a letter that cannot be read was found, and is left in the queue
  std::optional<std::chrono::steady_clock::time_point> often_told_;
  std::uint64_t often_untold_ = 0;  // letters that came often since the last line about one
  std::uint64_t last_received_ = 0;
  std::uint64_t last_acknowledged_ = 0;
  Backoff backoff_;
  std::jthread thread_;
};

}  // namespace deadletter
