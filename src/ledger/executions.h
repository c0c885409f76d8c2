// Port: the platform's executions, for those who submit and for those who ask.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ledger/audit.h"
#include "ledger/ledger_error.h"
#include "letter/execution_id.h"
#include "letter/letter.h"
#include "letter/message.h"

namespace deadletter {

struct NewExecution {
  std::string action_ref;
  std::optional<std::string> worker_id;
  std::string payload_json = "{}";               // the message's payload.config
  Address address;                               // where its message goes
  std::optional<std::chrono::milliseconds> ttl;  // per-message expiration
};

struct ExecutionRow {
  ExecutionId id;
  std::string status;
  std::optional<std::string> result_json;  // as the row has it
  std::optional<std::string> action_ref;
  std::optional<Instant> updated;
};

// Of which attempt a message is, as its letter would say it.
struct MessageAttempt {
  std::optional<AttemptWindow> window = {};  // absent: the message has no stamp
  std::optional<ReplayId> replay_id = {};
};

// Threads: one makes the calls; only Abort() may come from any.
class Executions {
 public:
  virtual ~Executions() = default;

  // Commits the executions, in status `replay_status` (scheduled), and their messages (outbox)
  // together. The attempt stamp in each message is the row's `updated`. The table must give ids by
  // itself (a sequence, a default). `audit` tells of it in the same transaction (P8); none: whoever
  // submits is nobody that we know.
  [[nodiscard]] virtual LedgerResult<std::vector<ExecutionId>> Submit(
      std::span<const NewExecution> executions, Instant now,
      const std::optional<AuditEntry>& audit) = 0;
  [[nodiscard]] virtual LedgerResult<std::optional<ExecutionRow>> Find(const ExecutionId& id) = 0;

  // What a worker does with its own work: moves it to `status` with that result if it is still
  // failable, of `attempt`, and was neither replayed nor retried with another message since (P2);
  // the same check as of a letter, in one statement with the write. False: it was not (it failed
  // or was cancelled meanwhile, or another message is to end it), and nothing was changed.
  [[nodiscard]] virtual LedgerResult<bool> FinishIfFailable(const ExecutionId& id,
                                                            const MessageAttempt& attempt,
                                                            const std::string& status,
                                                            const std::string& result_json) = 0;
  // Ends a call in progress, and lets each later one fail with kUnavailable (Submit: kInDoubt where
  // it was committing).
  virtual void Abort() = 0;
};

// A submission that is to be made once, however often it is asked for.
struct SubmissionKey {
  std::string who;
  std::string key;          // unique among those of `who`
  std::string fingerprint;  // of what is asked for
};

// What a key stands for.
struct KeyedSubmission {
  std::string fingerprint;
  std::vector<ExecutionId> ids;
};

// For this long a key is known; then it is forgotten, and may be used again.
inline constexpr std::chrono::hours kSubmissionKeyHours{24};

// Why a worker's message has not finished its execution.
struct ExecutionStanding {
  std::string status;
  bool is_failable = false;
  bool waits_for_another = false;  // the message of a replay or a retry that came after this one
};

// What work over HTTP needs beyond that: executions that know by which key they were submitted, for
// those who lose the answer, and for which message they wait.
class KeyedExecutions : public Executions {
 public:
  [[nodiscard]] virtual LedgerResult<std::optional<KeyedSubmission>> FindKeyed(
      const std::string& who, const std::string& key, Instant now) = 0;
  // Submit(), and the key in the same transaction. Where the key is known already nothing is
  // submitted, and what it stands for is given. Forgets keys whose time is over, more than it adds.
  [[nodiscard]] virtual LedgerResult<KeyedSubmission> SubmitKeyed(
      std::span<const NewExecution> executions, Instant now, const std::optional<AuditEntry>& audit,
      const SubmissionKey& key) = 0;
  // Absent: there is no such row.
  [[nodiscard]] virtual LedgerResult<std::optional<ExecutionStanding>> FindStanding(
      const ExecutionId& id, const MessageAttempt& attempt) = 0;
};

}  // namespace deadletter
