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
  std::vector<Finding> findings;
  std::vector<std::string>
      on_their_way;  // letters in queues or to be settled again, outbox entries

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
  // `submit` made this row, and its message may die: it may become failed, and nothing else is
  // known of it.
  void Submitted(const ExecutionId& id) { submitted_.insert(id.ToString()); }

  // Before it is published, and exactly as it is published; every copy is told. Different messages
  // have different bodies. What has a message id and a timed death (the first of its `x-death`) has
  // a key.
  void Sends(const Message& message, Nature nature, const std::optional<ExecutionId>& execution);
  // The broker has it.
  void Sent(const Message& message);

  // From now on a copy that the broker delivered before and does not mark so is no double: it was
  // killed, and its notes of deliveries with it. Concerns only letters without a key.
  void BrokerWasKilled() { broker_forgets_ = true; }

  // The letters of that execution, sent until now, may be destroyed by their broker: the one loss
  // that a test expects.
  void MayLose(const ExecutionId& id);

  // What had been delivered may have come back to its queue, and with it any letter that was sent
  // until now, so many times more than was told before.
  void MayReturn(std::size_t times) { returns_ += times; }

  // Heard on the event queue.
  void Hears(EventFact event) { events_.push_back(std::move(event)); }
  [[nodiscard]] const std::vector<EventFact>& events() const { return events_; }

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
    std::size_t returns_before = 0;  // they were sent, added up over them

    // Records that there must be and may be, leaving out those marked as possible duplicates.
    [[nodiscard]] std::size_t Least() const;
    [[nodiscard]] std::size_t Most() const;
    // Records that may be marked so, if anything returned so often in the run: one for each return
    // of each copy since it was sent. A return cannot be told from outside to have been of this
    // copy and not of its neighbours, so that no tighter bound is sound.
    [[nodiscard]] std::size_t MostMarked(std::size_t returns) const;
  };
  struct ExpectedRow {
    std::string first_status;
    std::string status;                      // the platform's last word
    std::optional<std::string> result_json;  // the same
    [[nodiscard]] bool WasMoved() const { return status != first_status; }
  };

  std::unordered_map<std::string, SentMessage> messages_;  // by digest of the body
  std::unordered_map<std::string, ExpectedRow> rows_;      // by id
  std::unordered_set<std::string> submitted_;              // ids
  std::vector<EventFact> events_;
  std::size_t returns_ = 0;
  bool broker_forgets_ = false;
};

}  // namespace deadletter::test
