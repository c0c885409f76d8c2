// Port: settle, the one transaction that records letters, moves their executions and writes the
// events to publish.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/ledger_error.h"
#include "letter/failure.h"
#include "letter/letter.h"
#include "letter/outcome.h"
#include "policy/decide.h"

namespace deadletter {

// An outcome that does not depend on the execution's row.
struct FixedOutcome {
  Outcome outcome = Outcome::kMalformed;
  std::string detail;  // UTF-8
};

// Sent by the relay once `at` has come; recorded with the letter that would otherwise have failed
// its execution, and with no other: work that is done, or that a newer attempt is doing, is not
// sent out again.
struct RetryMessage {
  ReplayId replay_id;
  Instant at;
  Address address;
  Message message;  // its body is the letter's own: left empty here, and taken from the letter
};

// A letter with everything that settle may have to write for it; made by the handler, pure data.
struct Judgement {
  Letter letter;
  std::string rule;                   // of the verdict; empty: none
  std::optional<FixedOutcome> fixed;  // absent: the execution's row decides
  Failure failure;                    // } used only if the execution is failed by this letter
  EventParts event;                   // }
  bool publish_event = true;          // `events.enabled`
  // Without `fixed` only. Present: sent in place of failing the execution, under the same guard,
  // and the letter becomes `retried`.
  std::optional<RetryMessage> retry;
  int tries = 0;  // how often the letter was settled before; 0: it has just come
  // When a letter that ends up deferred or refused is looked at again.
  Instant try_again_at;

  // Of letter and judgement, held in memory, near enough for a limit.
  [[nodiscard]] std::size_t BufferedBytes() const {
    const std::size_t texts = rule.size() + failure.error.size() + failure.message.size() +
                              failure.result_json.size() + event.before_action.size() +
                              event.after_action.size();
    return sizeof(Judgement) + texts + letter.delivery.BufferedBytes() +
           (retry ? retry->message.BufferedBytes() : 0);
  }
};

enum class LockedRows {
  kWait,   // for lock_timeout; then the whole call fails with kRowLocked
  kDefer,  // a letter whose row is locked right now becomes `deferred`; the rest goes through
};

struct SettledLetter {
  // False: its key was known, nothing was changed, and `outcome` is the one recorded then where
  // that is known.
  bool recorded = true;
  std::optional<Outcome> outcome;
};

// A letter in the ledger whose time to be looked at again has come, as it was received.
struct DueLetter {
  LetterId id;
  Delivery delivery;  // tag is zero
  Outcome outcome = Outcome::kDeferred;
  int tries = 0;  // so far
  // Not empty: why what is stored of it cannot be read. One line; the delivery is then incomplete.
  std::string unreadable;
};

// Threads: one a settlement; make several for several threads. Every call either did the whole or
// nothing (kInDoubt: one of the two). Durable when it returns: `synchronous_commit` on,
// `synchronous=FULL`.
class Settlement {
 public:
  virtual ~Settlement() = default;

  // ONE transaction for the whole batch, in as few round trips as the adapter can:
  //  1. letters whose key is known (or comes twice in the batch) are dropped: nothing twice (P3);
  //  2. the executions of the others are locked in id order, then judged as they then are;
  //  3. those failable, of the letter's attempt and not replayed since, are moved by a guarded
  //  UPDATE (P2): of several
  //     letters of one execution the first one that qualifies moves it, and those after it find it
  //     `not_failable`; where it carries a retry, the execution waits for that message instead, and
  //     those after it are `stale_attempt`;
  //  4. letters are recorded with the outcome that the UPDATE had (a moved row it did not report:
  //  `refused`, detail
  //     `update_suppressed`), and for each execution moved an event is written (P6).
  // One result a judgement, in order. Never splits a batch: that is the caller's business.
  [[nodiscard]] virtual LedgerResult<std::vector<SettledLetter>> Settle(
      std::span<const Judgement> batch, LockedRows locked) = 0;

  // The same for letters that are in the ledger as deferred, or refused and open; their records are
  // updated. A letter that somebody else settled meanwhile, or that a replay has, is left alone
  // (recorded = false).
  [[nodiscard]] virtual LedgerResult<std::vector<SettledLetter>> SettleAgain(
      std::span<const Judgement> batch, LockedRows locked) = 0;

  // Letters whose `try_again_at` has passed and that no replay has, at most `limit` of them and
  // about `max_bytes` of bodies; each is put off by `lease`, so that no other instance takes it
  // meanwhile. A damaged one hides no other: it is among them, `unreadable`, for the caller to
  // record as refused.
  [[nodiscard]] virtual LedgerResult<std::vector<DueLetter>> TakeDue(
      Instant now, std::size_t limit, std::size_t max_bytes, std::chrono::milliseconds lease) = 0;

  // For a clock that was set back: makes due `now` the letters that wait for later than they ever
  // should, `longest_deferred` for a deferred one, `longest_refused` for any.
  [[nodiscard]] virtual LedgerResult<void> BringForward(
      Instant now, std::chrono::microseconds longest_deferred,
      std::chrono::microseconds longest_refused) = 0;

  // Open letters whose execution has become final are closed (`stale_attempt`, `not_failable`,
  // `parked`; `failed` ones once the row is final in another status than the one we wrote), and
  // executions that are final or gone wait for no retry any more. Returns how many letters were
  // closed; at most `limit` of each are looked at, round robin.
  [[nodiscard]] virtual LedgerResult<std::size_t> CloseFinished(std::size_t limit) = 0;

  // Does what an empty settle does, writes included, and rolls it back: success means that settling
  // is possible.
  [[nodiscard]] virtual LedgerResult<void> Probe() = 0;

  // Does what Settle(batch, kDefer) would do, the platform's triggers included, and rolls it back.
  [[nodiscard]] virtual LedgerResult<void> Rehearse(std::span<const Judgement> batch) = 0;

  // Ends waiting calls as soon as possible (a stop in an outage); any thread. Later calls fail with
  // kUnavailable.
  virtual void Abort() = 0;
};

}  // namespace deadletter
