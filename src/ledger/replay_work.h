// Port: the work of a replay, for the loop that does it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/ledger_error.h"
#include "ledger/replay.h"
#include "letter/delivery.h"
#include "letter/failure.h"

namespace deadletter {

// A replay that is ours to drive for as long as the lease lasts.
struct DrivenReplay {
  ReplayId id;
  ReplayState state = ReplayState::kRunning;
  ReplaySpec spec;
  ReplayAnswers answered_before;  // when somebody resumed it last
};

// A letter whose turn has come, as it was received.
struct ReplayCandidate {
  LetterId id;
  Delivery delivery;       // tag is zero
  std::string unreadable;  // not empty: why what is stored of it cannot be read, in one line
  bool is_unsent = false;  // claimed before: its execution waits
};

// A letter that could be sent: its message is composed, all but the attempt stamp.
struct ReplayClaim {
  LetterId letter;
  std::optional<ExecutionId> execution;
  std::optional<AttemptWindow> attempt;  // of the letter as it came
};

enum class ClaimVerdict {
  kClaimed,    // its execution, where there is one, waits for this message: send it
  kWithdrawn,  // it has ended: not to be sent
  kLeft,       // not now: somebody holds its row, or the replay is not ours or not running
};

struct ClaimedLetter {
  ClaimVerdict verdict = ClaimVerdict::kLeft;
  // kClaimed: the row's `updated` from now on; nothing where there is no row or no such column.
  std::optional<Instant> stamp;
};

enum class ReplayMark {
  kSent,        // confirmed
  kInDoubt,     // perhaps sent
  kUnsent,      // certainly not sent: again from `retry_at`
  kUnroutable,  // certainly not sent, and never will be: its execution fails again
  kWithdrawn,   // cannot be composed, or its execution refuses: of letters that are pending only
};

struct ReplayResult {
  LetterId letter;
  ReplayMark mark = ReplayMark::kUnsent;
  std::string detail;  // one line
  Instant retry_at;    // kUnsent
  // Which claim's message it is about: the `now` of that Claim(). Nothing: none of ours, which is
  // so of what was found to be kUnroutable before it was claimed. Means nothing for kWithdrawn.
  std::optional<Instant> claimed_at;
  // kUnroutable, used where its execution is failed again; without `execution` (the platform
  // refuses it) the row stays as it is and may be claimed by another replay of the letter:
  std::optional<ExecutionId> execution;
  Failure failure;
  EventParts event;
  bool publish_event = true;
};

struct FollowedLetters {
  std::map<ReplayEnd, std::int64_t> ends;  // how many have ended so
  std::optional<LetterId> up_to;  // the next round begins after it; nothing: with the oldest
};

// A letter whose row somebody holds is passed over for so long, and the others go on.
inline constexpr std::chrono::seconds kHeldRowWait{2};

// A driver marks what it has claimed before it asks for leases again, but for the marks that the
// ledger could not make, which it names. Any other claim of its own that is older than this is one
// whose commit it was never told of.
inline constexpr std::chrono::minutes kForgottenClaimAfter{5};

// Threads: one makes the calls; only Abort() may come from any.
//
// A clock that is set back strands nobody: what would wait for longer than it ever should is due at
// once (a letter that is not sent yet, a lease), forgotten (a claim), or waited for anew from now
// on (an answer).
//
// One driver at a time has a replay, by a lease that it renews; the claim asks whether the lease is
// still its own. A letter is claimed once in a replay, unless it is certain that its message was
// not sent: so a message whose fate is unknown is never sent again by itself.
class ReplayWork {
 public:
  virtual ~ReplayWork() = default;

  // Leases replays that have letters left, new ones and those whose driver let its lease end; gives
  // all whose lease is `driver`'s and has not ended. What an earlier driver had claimed and not
  // marked becomes in doubt, and so does what `driver` itself has claimed and not marked for
  // kForgottenClaimAfter, but for `owed`: it still knows how those fared.
  [[nodiscard]] virtual LedgerResult<std::vector<DrivenReplay>> Lease(
      Uuid driver, Instant now, std::chrono::milliseconds lease,
      std::span<const LetterId> owed) = 0;
  // At the end, so that nobody has to wait for the leases.
  [[nodiscard]] virtual LedgerResult<void> Release(Uuid driver) = 0;

  // The next pending letters, in the order of receipt, those that were put off after all others,
  // and unsent ones; those alone where `pending` is 0. Of both only what is due, and none of
  // `without`. Changes nothing.
  [[nodiscard]] virtual LedgerResult<std::vector<ReplayCandidate>> Next(
      ReplayId replay, Instant now, std::size_t pending, std::size_t max_bytes,
      std::span<const LetterId> without) = 0;

  // ONE transaction. The replay must be `driver`'s and running (for a letter that is unsent: only
  // the former). The letters' executions are locked in id order, and a letter is claimed where
  //  - it failed its execution, and the row is still failed by it: the row goes to `replay_status`;
  //  - the row still waits, untouched, for the message of an earlier replay of it that ended in
  //    doubt, without an answer or unroutable;
  //  - it left its execution alone (parked, refused), and the row is in `replay_status` and still
  //    of its attempt: what a worker has begun is nobody's to take back;
  //  - it is about no row.
  // From then on the execution waits for this replay's message: only a letter with the replay's id
  // can fail it. A letter that is unsent is claimed again only while its row is just as the first
  // claim left it. Of two letters of an execution the first one is claimed. One whose row somebody
  // holds is left, and due again after kHeldRowWait. One result a claim, in order.
  [[nodiscard]] virtual LedgerResult<std::vector<ClaimedLetter>> Claim(
      ReplayId replay, Uuid driver, std::span<const ReplayClaim> claims, Instant now) = 0;

  // ONE transaction. A mark counts while the letter stands as its own claim left it, or in doubt:
  // made again after another claim it changes nothing. Of an unroutable letter the execution
  // becomes failed again, as it was, where it still waits for that message, with an event (P6).
  // Counts what has ended.
  [[nodiscard]] virtual LedgerResult<std::map<ReplayEnd, std::int64_t>> Mark(
      ReplayId replay, std::span<const ReplayResult> results, Instant now) = 0;

  // Asks the executions of the next `limit` sent letters, those after `after`, how they ended, and
  // ends the replay where nothing is left of it. Whose row says nothing final, or has no status, is
  // asked again until its time for an answer is over; whose row, or record, is gone has ended.
  [[nodiscard]] virtual LedgerResult<FollowedLetters> Follow(ReplayId replay,
                                                             std::optional<LetterId> after,
                                                             std::size_t limit, Instant now) = 0;
  [[nodiscard]] virtual LedgerResult<ReplayCounts> Count(ReplayId replay) = 0;

  // By itself: running becomes stopped.
  [[nodiscard]] virtual LedgerResult<void> Stop(ReplayId replay, const std::string& reason) = 0;
  virtual void Abort() = 0;  // as Settlement::Abort
};

}  // namespace deadletter
