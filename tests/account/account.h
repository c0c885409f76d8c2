// The account of a run: every message that was sent, held against broker, ledger, platform and
// event stream. It says of P1, P2, P3, P4 and P6 that they held, or names what breaks them.
//
// The statements are exact at any moment at which no server runs: a letter may still be in the
// broker, an event in the outbox. That nothing is on its way any more is a statement of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "letter/execution_id.h"
#include "letter/message.h"
#include "tests/account/evidence.h"

namespace deadletter::test {

// The promises that can be seen in what a run leaves behind.
enum class Promise { kP1, kP2, kP3, kP4, kP6 };
inline constexpr Promise kPromises[] = {Promise::kP1, Promise::kP2, Promise::kP3, Promise::kP4,
                                        Promise::kP6};
[[nodiscard]] std::string PromiseName(Promise promise);  // "P1 nothing lost", …

struct Finding {
  Promise promise;
  std::string what;  // names the letter or the execution
};

struct Balance {
  std::size_t messages = 0;  // different ones that the broker has confirmed
  std::size_t letters = 0;   // in the ledger
  std::size_t failed = 0;    // executions
  std::size_t events = 0;    // different ones heard
  std::size_t copies = 0;    // events heard again
  // Letters by outcome; `deferred` and `refused` count also those that were so before. And
  // "replayed and succeeded", …: by how a replay ended with them.
  std::map<std::string, std::size_t> became;
  std::vector<Finding> findings;
  std::vector<std::string>
      on_their_way;  // letters in queues, to be settled again or in a replay, outbox entries

  [[nodiscard]] std::size_t Broken(Promise promise) const;
  [[nodiscard]] bool Holds() const { return findings.empty(); }
  [[nodiscard]] bool IsComplete() const { return on_their_way.empty(); }
  // A line a promise, then what breaks it and what is on its way (the first of each).
  [[nodiscard]] std::string Text() const;
};

// What a message is, so that the account can say what must become of it.
enum class Nature {
  kRequest,         // of its execution's present attempt: it may fail it
  kStaleRequest,    // of an earlier attempt
  kUnexpectedType,  // not an execution request
  kMalformed,
  // Of its execution's present attempt, but a rule decides (rules.h):
  kParked,
  kDiscarded,
  kRetried,          // to a worker that keeps the message
  kRetriedAndDying,  // to one where it dies again, until its attempts are used up
  // Of its execution's present attempt; then an operator may send it back:
  kReplayed,          // to a worker that completes what it is about, or does not come to it
  kReplayedAndDying,  // to one where it dies again
  kLateRequest,       // sent when its execution had failed already: it may never fail it
};

// Threads: one at a time.
class Account {
 public:
  // The platform made this row, without a result.
  void Row(const ExecutionId& id, const std::string& status);
  [[nodiscard]] bool Knows(const std::string& id) const { return rows_.contains(id); }
  // The platform moved it, and knows that it did. Never from or to failed.
  void Moved(const ExecutionId& id, const std::string& status,
             std::optional<std::string> result_json = std::nullopt);
  // From before its letters are sent, until Frees(): the platform holds a lock on that row, or a
  // trigger of its refuses each update. It stays as it is, nobody hears of it, and each of its
  // letters is `deferred`, or `refused` (`deferred` where it was in the way), and kept.
  void Locks(const ExecutionId& id) { rows_.at(id.ToString()).held = Held::kLocked; }
  void Refuses(const ExecutionId& id) { rows_.at(id.ToString()).held = Held::kRefused; }
  // Before the platform lets it go; then its letters are settled as ever.
  void Frees(const ExecutionId& id) { rows_.at(id.ToString()).held = Held::kNot; }
  // What Strike() says of these rows and their letters alone, exact at any moment at which they are
  // held, servers or not. What is found so is found by every later Strike(), too.
  void CheckHeld(const Evidence& evidence);

  // `submit` made this row, and its message may die: it may become failed, and nothing else is
  // known of it.
  void Submitted(const ExecutionId& id) { submitted_.insert(id.ToString()); }

  // An operator is about to replay that letter. It is of a nature that may be; nobody else replays.
  void Replays(const std::string& letter_id) { may_be_replayed_.insert(letter_id); }
  // Before a replay under this id is made: no queue is bound where it sends its messages. All
  // others lead to one.
  void LeadsNowhere(const std::string& replay_id) { leads_nowhere_.insert(replay_id); }
  // The ledger has answered that this replay is made, of these letters.
  void ReplayWasMade(const std::string& replay_id, const std::vector<std::string>& letter_ids) {
    for (const std::string& letter : letter_ids) replays_made_.insert({replay_id, letter});
  }

  // A worker's queue, where messages that are sent back may be: it is looked into at the end.
  void Watches(const std::string& queue) { worker_queues_.push_back(queue); }
  [[nodiscard]] const std::vector<std::string>& worker_queues() const { return worker_queues_; }
  // A worker has taken this message off such a queue, for good.
  void Takes(const Message& message) {
    if (auto sent_back = RetryFactOf(message)) taken_.push_back(std::move(*sent_back));
  }

  // Before it is published, and exactly as it is published; every copy is told. Different messages
  // have different bodies. What has a message id and a timed death (the first of its `x-death`) has
  // a key.
  void Sends(const Message& message, Nature nature, const std::optional<ExecutionId>& execution);
  // The broker has it.
  void Sent(const Message& message);

  // Its notes of what it had delivered went with it: each copy that was sent until now may come
  // once more without being marked. (What it delivers twice after that is marked again.) Concerns
  // only letters without a key.
  void BrokerWasKilled() { ++broker_kills_; }

  // The letters of that execution, sent until now, may be destroyed by their broker: the one loss
  // that a test expects.
  void MayLose(const ExecutionId& id);

  // What was just dying in a worker's queue may be lost with the broker that has ended: classic
  // queues dead-letter at most once. `ledger` is read after that end: concerned are the letters
  // whose message was sent by then (else it is still in the outbox, and goes out after it) and did
  // not come back (else there is a letter of it).
  void MayLoseRetries(const LedgerFacts& ledger);
  // The same of replays' messages, of which one may also be there twice. The ledger is read before
  // that end and after it: concerned are letters that had no answer before and were claimed, to be
  // sent, by the time of the later look; one whose turn had not come then has lost nothing.
  void MayLoseReplays(const LedgerFacts& before, const LedgerFacts& after);

  // What had been delivered may have come back to its queue, and with it any letter that was sent
  // until now, so many times more than was told before.
  void MayReturn(std::size_t times) { returns_ += times; }

  // Heard on the event queue.
  void Hears(EventFact event) { events_.push_back(std::move(event)); }
  [[nodiscard]] const std::vector<EventFact>& events() const { return events_; }

  // How many letters may stay to be settled again for good: the platform refuses them.
  [[nodiscard]] std::size_t RefusalsDue() const;

  // How many letters the ledger must hold at least once everything is settled.
  [[nodiscard]] std::size_t LettersDue() const;

  [[nodiscard]] Balance Strike(const Evidence& evidence) const;

 private:
  friend class Audit;

  struct Copies {
    std::size_t tried = 0;
    std::size_t certain = 0;
  };
  // What is kept of a message besides its body.
  struct Form {
    std::string digest;  // FormDigestOf
    std::string reason;  // of its newest death
    std::string queue;
    std::string kept_digest{};  // KeptDigestOf

    friend auto operator<=>(const Form&, const Form&) = default;
  };
  struct SentMessage {
    std::size_t number = 0;
    Nature nature = Nature::kMalformed;
    std::optional<std::string> execution;
    bool has_key = false;
    std::map<std::int64_t, Copies> deaths;  // by time; 0 where none is told
    std::set<Form> forms;                   // that its copies came in
    bool may_be_lost = false;
    std::size_t returns_before = 0;       // they were sent, added up over them
    std::size_t broker_kills_before = 0;  // the same

    // Records that there must be and may be, leaving out those marked as possible duplicates, if
    // the broker was killed so often in the run.
    [[nodiscard]] std::size_t Least() const;
    [[nodiscard]] std::size_t Most(std::size_t broker_kills) const;
    // Records that may be marked so, if anything returned so often in the run: one for each return
    // of each copy since it was sent. A return cannot be told from outside to have been of this
    // copy and not of its neighbours, so that no tighter bound is sound.
    [[nodiscard]] std::size_t MostMarked(std::size_t returns) const;
  };
  enum class Held { kNot, kLocked, kRefused };
  struct ExpectedRow {
    std::string first_status;
    std::string status;                      // the platform's last word
    std::optional<std::string> result_json;  // the same
    Held held = Held::kNot;
    [[nodiscard]] bool WasMoved() const { return status != first_status; }
  };

  std::unordered_map<std::string, SentMessage> messages_;  // by digest of the body
  std::unordered_map<std::string, ExpectedRow> rows_;      // by id
  std::unordered_set<std::string> submitted_;              // ids
  std::vector<EventFact> events_;
  std::vector<std::string> worker_queues_;
  std::vector<RetryFact> taken_;
  using LetterOfReplay = std::pair<std::string, std::string>;  // replay, letter
  std::unordered_set<std::string> may_be_replayed_;            // letters
  std::set<LetterOfReplay> replays_made_;
  std::unordered_set<std::string> leads_nowhere_;  // replays
  std::set<LetterOfReplay> replay_may_be_lost_;
  std::vector<Finding> found_before_;
  std::unordered_set<std::string> retries_that_may_be_lost_;  // letters whose messages they are
  std::size_t returns_ = 0;
  std::size_t broker_kills_ = 0;
};

}  // namespace deadletter::test
