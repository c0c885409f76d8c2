// Submitting executions and being a worker, for whoever speaks HTTP: the embedded pair's queues
// from any language. The edge has made sure that the caller has the role that each call needs.
//
// A submission is a change like any other: audited, in its transaction (P8). What workers answer is
// the platform's own work and is not; what they are given is, where something in it is redacted.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "broker/topology.h"
#include "broker/work_queue.h"
#include "ledger/audit.h"
#include "ledger/executions.h"
#include "letter/letter_reader.h"
#include "operations/operation_error.h"
#include "operations/redaction.h"
#include "operations/role.h"
#include "operations/work_request.h"

namespace deadletter {

// Of the messages that one answer gives; one larger message is given alone (P9).
inline constexpr std::size_t kMaxLeasedBytes = std::size_t{8} << 20;

struct WorkPorts {
  std::unique_ptr<LastingWorkQueue> queue;  // never null
  // Null: the platform's table is left alone (observing).
  std::unique_ptr<KeyedExecutions> executions;
  std::unique_ptr<Audit> audit;  // never null
};

// Keeps room for an answer of that many bytes, in place of what was kept before. False: there is
// none now, and what was kept before stays kept. None at all: there is room for everything.
using KeepRoom = std::function<bool(std::size_t bytes)>;

struct WorkOptions {
  TopologyPlan topology = {};  // where submissions go, and which queues hold letters
  LetterFormat format = LetterFormat::Default();
  // What a worker may end an execution with (`executions.final`), a good end first.
  std::vector<std::string> final_statuses = {"completed"};
  Redaction redaction = {};
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
  std::function<void()> submitted = nullptr;  // called once there may be messages to send
};

// Safe from any thread. The ledger is asked by one call at a time; of those that take messages only
// one has any in hand.
class Work {
 public:
  Work(WorkPorts ports, WorkOptions options);

  // POST /v1/executions: {"execution_ids":["1",…]}. kNotFound, and nothing recorded: there is no
  // such queue. With a `key` of the caller's own the same call may be made again for a day, and
  // is answered as the first time, without submitting anything. kConflict: one with that key is
  // under way; kUnacceptable: something else was submitted with it.
  [[nodiscard]] OperationResult<std::string> Submit(std::string_view json, const Caller& caller,
                                                    const std::optional<std::string>& key = {});

  // POST /v1/queues/{queue}/lease: {"deliveries":[…]}, empty where none came in time. Waits for as
  // long as it is asked to; once `gone` is requested the caller is not there any more, and nothing
  // is taken for it. kConflict: a dead letter queue. kForbidden: something is redacted, and the
  // caller is no admin. Whatever fails, nothing is taken, or it is put back as if it had not been;
  // once this has succeeded, room for the answer is kept.
  [[nodiscard]] OperationResult<std::string> LeaseDeliveries(const std::string& queue,
                                                             std::string_view json,
                                                             const Caller& caller,
                                                             const std::stop_token& gone,
                                                             const KeepRoom& keep_room = nullptr);

  // POST /v1/deliveries/{id}/…; kConflict: the lease is not (or no longer) the caller's.
  //
  // ack: {"acknowledged":true,"execution":null}; with a result or a status the execution is ended
  // first, guarded, and `execution` says whether this call has moved it, and how it stands.
  // kConflict, too, and the message still leased: it could be ended, and waits for no other
  // message, but something else has renewed its row. Whatever fails in between, the same call may
  // be made again.
  [[nodiscard]] OperationResult<std::string> Acknowledge(const std::string& delivery,
                                                         std::string_view json);
  // reject: {"requeued":…}
  [[nodiscard]] OperationResult<std::string> Reject(const std::string& delivery,
                                                    std::string_view json);
  // extend: {"until":"…"}
  [[nodiscard]] OperationResult<std::string> Extend(const std::string& delivery,
                                                    std::string_view json);

  // From now on nothing is leased, and whoever waits is told so (kUnavailable).
  void EndWaits();
  // From now on every call is answered kUnavailable. One that asks the ledger is waited for until
  // `deadline`; then the ledger is not waited for any more.
  void Close(std::chrono::steady_clock::time_point deadline);

 private:
  class Turn;
  class KeyInHand;

  struct Ended {
    ExecutionId id;
    bool moved = false;                 // by this call
    std::optional<std::string> status;  // as it is now; absent: there is no such row
  };

  [[nodiscard]] OperationResult<void> MayLease(const std::string& queue,
                                               const Caller& caller) const;
  // What is ready now, for the answer; nothing where others were faster.
  [[nodiscard]] OperationResult<std::optional<std::string>> Give(const std::string& queue,
                                                                 const LeaseRequest& request,
                                                                 const Caller& caller,
                                                                 const std::stop_token& ends,
                                                                 const KeepRoom& keep_room);
  // The answer with these, once everything is known and recorded that must be.
  [[nodiscard]] OperationResult<std::string> Compose(std::vector<Lease>& leases,
                                                     const std::string& queue, const Caller& caller,
                                                     const KeepRoom& keep_room);
  [[nodiscard]] OperationResult<void> RecordLease(const std::string& queue, std::size_t messages,
                                                  const Caller& caller);
  [[nodiscard]] OperationResult<Ended> EndExecution(const std::string& delivery,
                                                    const Acknowledgement& acknowledgement);
  [[nodiscard]] OperationResult<std::vector<ExecutionId>> SubmitKeyed(const Submission& submission,
                                                                      const Caller& caller,
                                                                      const SubmissionKey& key);
  [[nodiscard]] OperationResult<std::vector<ExecutionId>> SubmitOnce(const Submission& submission,
                                                                     const Caller& caller,
                                                                     const SubmissionKey* key);
  [[nodiscard]] bool IsClosed();

  const WorkPorts ports_;
  const WorkOptions options_;
  const LetterReader reader_;
  std::stop_source ending_;  // of waits
  std::mutex giving_;        // whoever has messages in hand
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asking_ = false;  // guarded by mutex_: somebody asks the ledger
  bool closed_ = false;  // guarded by mutex_
  // Of submissions that are under way, each with whose it is; guarded by mutex_.
  std::set<std::pair<std::string, std::string>> keys_in_hand_;
};

// Where leases end with a connection there is no work over HTTP.
[[nodiscard]] OperationError WorkIsElsewhere();

}  // namespace deadletter
