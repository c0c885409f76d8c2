// The replayer: sends the letters of replays back to where they were first addressed, at the pace
// that was asked for, and follows what becomes of them.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/latch.h"
#include "base/signal.h"
#include "broker/broker_watch.h"
#include "broker/publisher.h"
#include "handler/judge.h"
#include "handler/owed_marks.h"
#include "handler/pace.h"
#include "handler/replay_composer.h"
#include "handler/replay_marker.h"
#include "ledger/replay_work.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter {

struct ReplayerOptions {
  std::size_t batch_messages = 200;
  std::size_t batch_bytes = std::size_t{32} << 20;  // as they came, and once more as edited
  // Of a replay. If we die, somebody else goes on with it after this long.
  std::chrono::milliseconds lease{5'000};
  std::chrono::milliseconds idle_wait{1'000};  // until the ledger is asked again without being told
  // What was sent is asked about so often, and all letters are counted as often, or as much more
  // seldom as that takes longer than a twentieth of it.
  std::chrono::milliseconds follow_every{500};
  std::size_t follow_letters = 1'000;
  EditGuard edit_guard = nullptr;
};

// One thread of its own, and a publisher of its own, so that events never wait for replays.
// Everything referred to must outlive it.
class Replayer {
 public:
  Replayer(std::unique_ptr<ReplayWork> work, std::unique_ptr<Publisher> publisher,
           std::unique_ptr<BrokerWatch> watch, const LetterReader& reader,
           const LetterFormat& format, const Judge& judge, const Clock& clock, Metrics& metrics,
           Health& health, ReplayerOptions options);
  ~Replayer();  // as Stop() without patience

  void Start();
  void Notify();  // a replay was made or steered; any thread
  void RequestStop();
  // Finishes the window in flight and lets others have its replays; at `deadline` it stops waiting
  // for answers, and what has none is in doubt.
  void Stop(std::chrono::steady_clock::time_point deadline);

  // One round over all replays that are ours. Returns how many letters it has dealt with. Called by
  // the thread; else only without one.
  [[nodiscard]] LedgerResult<std::size_t> DriveOnce(const std::stop_token& stop);

 private:
  struct Driven {
    Pace pace;
    std::chrono::steady_clock::time_point follow_at{};
    std::chrono::steady_clock::time_point count_at{};
    std::optional<LetterId> followed_up_to;
    ReplayCounts counts;
    std::chrono::milliseconds wait{0};  // where nothing was to be sent
    // How many letters go together: fewer where the ledger takes too long over so many.
    std::size_t batch_messages = 0;  // 0: as many as there may be
    OwedMarks owed;
    std::chrono::steady_clock::time_point pay_until{};  // in this round
  };

  void Run(const std::stop_token& stop);
  [[nodiscard]] LedgerResult<std::size_t> Drive(const DrivenReplay& replay, Driven& driven,
                                                const std::stop_token& stop);
  [[nodiscard]] LedgerResult<bool> Look(const DrivenReplay& replay, Driven& driven);
  [[nodiscard]] LedgerResult<bool> StopBecause(const DrivenReplay& replay, const std::string& why);
  [[nodiscard]] LedgerResult<std::size_t> StopsBecause(const DrivenReplay& replay,
                                                       const std::string& why);
  [[nodiscard]] LedgerResult<std::size_t> Send(const DrivenReplay& replay, Driven& driven,
                                               std::vector<ComposedReplay> composed,
                                               const std::stop_token& stop);
  [[nodiscard]] LedgerResult<std::vector<ClaimedLetter>> Claim(
      const DrivenReplay& replay, Driven& driven, std::vector<ComposedReplay>& composed,
      const std::stop_token& stop);  // notes in each when it was claimed; empty: none is, now
  // Of those that are edited only as many as there are room and time for, one at least: what is
  // left out is as if it had not been asked for.
  [[nodiscard]] std::vector<ComposedReplay> Compose(const DrivenReplay& replay, Driven& driven,
                                                    const ReplayEdit& edit,
                                                    std::vector<ReplayCandidate> candidates) const;
  // Takes out what its queue has no room for: that stays pending. A queue that holds more than the
  // replay allows is why the replay stops (`stopped`). Nothing: the broker is away.
  struct Room {
    std::size_t left_out = 0;  // of those pending
    bool stopped = false;
  };
  [[nodiscard]] LedgerResult<std::optional<Room>> KeepToQueueLimit(
      const DrivenReplay& replay, std::vector<ComposedReplay>& composed);
  // Takes out what cannot be sent at all, and says how to mark it. False: the broker is away.
  [[nodiscard]] bool TakeOutHopeless(std::vector<ComposedReplay>& composed,
                                     std::vector<ReplayResult>& hopeless);
  void MarkUntilItHolds(const DrivenReplay& replay, Driven& driven,
                        std::vector<ReplayResult> results, const std::stop_token& stop);
  void LedgerAway(const LedgerError& error, const std::stop_token& stop);
  void BrokerAway(const std::string* why);  // null: it is not

  const std::unique_ptr<ReplayWork> work_;
  const std::unique_ptr<Publisher> publisher_;
  const std::unique_ptr<BrokerWatch> watch_;
  const ReplayComposer composer_;
  const Clock& clock_;
  ReplayMarker marker_;
  Health& health_;
  const ReplayerOptions options_;
  const Uuid driver_ = RandomUuid();
  std::map<ReplayId, Driven> driven_;
  Signal signal_;
  Backoff ledger_backoff_;
  Backoff broker_backoff_;
  bool broker_away_ = false;
  bool asked_broker_ = false;  // in this round
  Latch done_;
  std::jthread thread_;
};

}  // namespace deadletter
