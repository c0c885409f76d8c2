// Of Work: submitting.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "base/secret.h"
#include "base/text.h"
#include "operations/audit_log.h"
#include "operations/json_writer.h"
#include "operations/patience.h"
#include "operations/work_turn.h"

namespace deadletter {

// One call's hold on a key, while it lives; of those with the same key only one has it.
class Work::KeyInHand {
 public:
  KeyInHand(Work& work, const SubmissionKey& key) : work_(work), key_(key.who, key.key) {
    const std::scoped_lock lock(work_.mutex_);
    is_ours_ = work_.keys_in_hand_.insert(key_).second;
  }
  ~KeyInHand() {
    if (!is_ours_) return;
    const std::scoped_lock lock(work_.mutex_);
    work_.keys_in_hand_.erase(key_);
  }
  KeyInHand(const KeyInHand&) = delete;
  KeyInHand& operator=(const KeyInHand&) = delete;

  [[nodiscard]] bool IsOurs() const { return is_ours_; }

 private:
  Work& work_;
  const std::pair<std::string, std::string> key_;
  bool is_ours_ = false;
};

namespace {

// Of `json` as it was sent: who writes the same in other words has written something else.
SubmissionKey MakeKey(const Caller& caller, const std::string& key, std::string_view json) {
  return {.who = caller.name,
          .key = key,
          .fingerprint = fmt::format("{:02x}", fmt::join(DigestOfSecret(json), ""))};
}

OperationResult<std::vector<ExecutionId>> WhatItStandsFor(KeyedSubmission known,
                                                          const SubmissionKey& key) {
  if (known.fingerprint == key.fingerprint) return std::move(known.ids);
  return FailOperation(OperationFault::kUnacceptable,
                       "something else was submitted with this Idempotency-Key: a new submission "
                       "needs a new one");
}

}  // namespace

OperationResult<std::string> Work::Submit(std::string_view json, const Caller& caller,
                                          const std::optional<std::string>& key) {
  const auto submission = ParseSubmission(json);
  if (!submission) return Unexpected<OperationError>(submission.error());
  if (IsDeadLetterQueue(options_.topology, submission->queue))
    return FailOperation(OperationFault::kUnacceptable, NoSubmissionTo(submission->queue));
  if (ports_.executions == nullptr) return Observing("nothing is submitted");
  if (IsClosed()) return Stopping();
  const auto ids = key ? SubmitKeyed(*submission, caller, MakeKey(caller, *key, json))
                       : SubmitOnce(*submission, caller, nullptr);
  if (!ids) return Unexpected<OperationError>(ids.error());
  JsonArray list;
  for (const ExecutionId& id : *ids) list.Add(JsonString(id.ToString()));
  return JsonObject().Add("execution_ids", list.Take()).Take();
}

// What is known is answered first, whatever has become of the queue since.
OperationResult<std::vector<ExecutionId>> Work::SubmitKeyed(const Submission& submission,
                                                            const Caller& caller,
                                                            const SubmissionKey& key) {
  const KeyInHand in_hand(*this, key);
  if (!in_hand.IsOurs()) {
    return FailOperation(OperationFault::kConflict,
                         "a submission with this Idempotency-Key is under way: ask again when it "
                         "is answered");
  }
  {
    const Turn turn(*this);
    if (turn.IsClosed()) return Stopping();
    auto known = Patiently(
        [&] { return ports_.executions->FindKeyed(key.who, key.key, options_.clock->Now()); });
    if (!known) return Unexpected<OperationError>(FromLedger(known.error()));
    if (*known) return WhatItStandsFor(std::move(**known), key);
  }
  return SubmitOnce(submission, caller, &key);
}

// `key` null: it is not to be known again.
OperationResult<std::vector<ExecutionId>> Work::SubmitOnce(const Submission& submission,
                                                           const Caller& caller,
                                                           const SubmissionKey* key) {
  // Not waited for: only whether it is there.
  if (const auto there =
          ports_.queue->AwaitReady(submission.queue, std::chrono::milliseconds(0), {});
      !there)
    return FromQueues(there.error(), submission.queue);
  const Instant now = options_.clock->Now();
  const std::string action = options_.redaction.HidesFilter("action")
                                 ? std::string(kRedacted)
                                 : DisplayText(submission.action, kMaxAuditDetailBytes);
  AuditEntry entry = MakeAuditEntry(caller, AuditedAct::kSubmit, submission.queue,
                                    fmt::format("{} x {}", submission.count, action), now);
  entry.letters = 0;
  const auto executions = NewExecutions(options_.topology, submission);
  const Turn turn(*this);
  if (turn.IsClosed()) return Stopping();
  if (key == nullptr) {
    auto ids = Patiently([&] { return ports_.executions->Submit(executions, now, entry); });
    // Also where the answer was lost.
    if (options_.submitted) options_.submitted();
    if (!ids) return Unexpected<OperationError>(FromChange(ids.error()));
    return std::move(*ids);
  }
  auto known =
      Patiently([&] { return ports_.executions->SubmitKeyed(executions, now, entry, *key); });
  if (options_.submitted) options_.submitted();
  if (known) return WhatItStandsFor(std::move(*known), *key);
  OperationError error = FromChange(known.error());
  if (known.error().fault == LedgerFault::kInDoubt)
    error.message += "; with the same Idempotency-Key it does no harm";
  return Unexpected<OperationError>(std::move(error));
}

}  // namespace deadletter
