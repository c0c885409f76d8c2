#include "operations/work.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "operations/audit_log.h"
#include "operations/delivery_json.h"
#include "operations/json_writer.h"
#include "operations/patience.h"
#include "operations/query.h"
#include "operations/work_turn.h"

namespace deadletter {

namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kNoDeliveries = R"({"deliveries":[]})";

Unexpected<OperationError> WaitEnded() {
  return FailOperation(OperationFault::kUnavailable,
                       "nothing is leased: the server is stopping, or the connection was closed "
                       "before anything came");
}

Unexpected<OperationError> NoRoom() {
  return FailOperation(OperationFault::kUnavailable,
                       "nothing is leased: too many large answers wait for slow readers; try again "
                       "shortly");
}

Unexpected<OperationError> NotLeased(std::string_view more) {
  return FailOperation(OperationFault::kConflict,
                       "this delivery is not leased any more: it was answered before, or its time "
                       "was over and the message is somebody else's or dead" +
                           std::string(more));
}

// Two hexadecimal numbers, as leases of queue files are called; whatever else was never one's id.
bool IsDeliveryId(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  const auto is_number = [&](std::string_view part) {
    return !part.empty() && part.size() <= 16 &&
           part.find_first_not_of(kDigits) == std::string_view::npos;
  };
  return is_number(text.substr(0, dash)) && is_number(text.substr(dash + 1));
}

Unexpected<OperationError> NoSuchDelivery(std::string_view id) {
  return FailOperation(OperationFault::kNotFound,
                       "no delivery has the id " + Quoted(id) + ": an id is what a lease gave");
}

// What nobody else's message will end must not vanish with this one (P5).
Unexpected<OperationError> Renewed(const ExecutionId& id, const std::string& status) {
  return FailOperation(
      OperationFault::kConflict,
      "the row of execution " + Quoted(id.ToString()) +
          " was renewed after this message was sent (status " + Quoted(status) +
          "): nothing was moved, and the message is still leased; reject it, and it is kept as an "
          "open letter (stale_attempt), or, if the row is the platform's own business, acknowledge "
          "it without result and status");
}

Unexpected<OperationError> NotAcknowledged(OperationError error) {
  error.message = "not acknowledged, do it again: " + error.message;
  return Unexpected<OperationError>(std::move(error));
}

std::string HowItStands(bool moved, const std::optional<std::string>& status) {
  if (!status) return "there is no such execution";
  return (moved ? "the execution was moved to " : "the execution was not moved, it is ") +
         Quoted(*status);
}

}  // namespace

Work::Work(WorkPorts ports, WorkOptions options)
    : ports_(std::move(ports)), options_(std::move(options)), reader_(options_.format) {}

bool Work::IsClosed() {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

OperationResult<void> Work::MayLease(const std::string& queue, const Caller& caller) const {
  if (IsDeadLetterQueue(options_.topology, queue)) {
    return FailOperation(OperationFault::kConflict,
                         Quoted(queue) +
                             " is a dead letter queue: a worker there would take letters away; "
                             "look at them with GET /v1/letters, and bring them back with "
                             "POST /v1/replays");
  }
  if (!options_.redaction.HidesNothing() && !Includes(caller.role, Role::kAdmin)) {
    return FailOperation(OperationFault::kForbidden,
                         "something in messages is redacted here, and a worker sees all of it: "
                         "that needs the role admin, and '" +
                             caller.name + "' is " + std::string(RoleName(caller.role)));
  }
  return {};
}

OperationResult<std::string> Work::LeaseDeliveries(const std::string& queue, std::string_view json,
                                                   const Caller& caller,
                                                   const std::stop_token& gone,
                                                   const KeepRoom& keep_room) {
  const auto request = ParseLeaseRequest(json);
  if (!request) return Unexpected<OperationError>(request.error());
  if (const auto may = MayLease(queue, caller); !may)
    return Unexpected<OperationError>(may.error());
  std::stop_source ends;
  const std::stop_callback left(gone, [&ends] { ends.request_stop(); });
  const std::stop_callback stopping(ending_.get_token(), [&ends] { ends.request_stop(); });
  const auto deadline = steady_clock::now() + request->wait;
  while (true) {
    const auto now = steady_clock::now();
    const auto wait = deadline > now ? ceil<milliseconds>(deadline - now) : milliseconds(0);
    const auto ready = ports_.queue->AwaitReady(queue, wait, ends.get_token());
    if (!ready) return FromQueues(ready.error(), queue);
    if (ends.stop_requested()) return WaitEnded();
    if (!*ready) return std::string(kNoDeliveries);
    auto given = Give(queue, *request, caller, ends.get_token(), keep_room);
    if (!given) return Unexpected<OperationError>(given.error());
    if (*given) return std::move(**given);
    if (wait == milliseconds(0)) return std::string(kNoDeliveries);
  }
}

// If we die after the messages are taken, or the answer is lost, they come again when the lease
// ends; a worker that was given something that the audit does not have there is not. Nothing is
// taken for which there is no room, or no turn to ask the ledger.
OperationResult<std::optional<std::string>> Work::Give(const std::string& queue,
                                                       const LeaseRequest& request,
                                                       const Caller& caller,
                                                       const std::stop_token& ends,
                                                       const KeepRoom& keep_room) {
  const std::scoped_lock giving(giving_);
  const Turn turn(*this);
  if (turn.IsClosed() || ends.stop_requested()) return WaitEnded();
  if (keep_room && !keep_room(kMaxLeasedBytes)) return NoRoom();
  auto leases = ports_.queue->TakeReady(queue, request.max, kMaxLeasedBytes, request.lease);
  if (!leases) return FromQueues(leases.error(), queue);
  if (leases->empty()) {
    if (keep_room) static_cast<void>(keep_room(0));
    return std::optional<std::string>();
  }
  std::vector<std::string> ids;
  for (const Lease& lease : *leases) ids.push_back(lease.id);
  auto answer = Compose(*leases, queue, caller, keep_room);
  if (answer) return std::optional(std::move(*answer));
  // Where this fails they come back by themselves, when their time is over.
  static_cast<void>(ports_.queue->PutBack(ids));
  return Unexpected<OperationError>(answer.error());
}

// The audit last: what it says was given is given.
OperationResult<std::string> Work::Compose(std::vector<Lease>& leases, const std::string& queue,
                                           const Caller& caller, const KeepRoom& keep_room) {
  JsonArray deliveries;
  for (Lease& lease : leases) {
    const Letter read = reader_.Read(LetterId(), std::move(lease.delivery));
    std::optional<std::string> status;
    if (ports_.executions != nullptr && read.execution_id) {
      const auto row = Patiently([&] { return ports_.executions->Find(*read.execution_id); });
      // Nobody is to take what is not known for what is not done.
      if (!row) {
        OperationError error = FromLedger(row.error());
        error.message =
            "nothing is leased while nobody knows how its execution stands: " + error.message;
        return Unexpected<OperationError>(std::move(error));
      }
      if (*row) status = (*row)->status;
    }
    deliveries.Add(DeliveryJson(lease, read, status));
  }
  std::string answer = JsonObject().Add("deliveries", deliveries.Take()).Take();
  if (keep_room && !keep_room(answer.size())) return NoRoom();
  if (const auto recorded = RecordLease(queue, leases.size(), caller); !recorded)
    return Unexpected<OperationError>(recorded.error());
  return answer;
}

OperationResult<void> Work::RecordLease(const std::string& queue, std::size_t messages,
                                        const Caller& caller) {
  if (options_.redaction.HidesNothing()) return {};
  AuditEntry entry =
      MakeAuditEntry(caller, AuditedAct::kLease, DisplayText(queue, kMaxQueueNameBytes), "",
                     options_.clock->Now());
  entry.letters = static_cast<std::int64_t>(messages);
  const auto recorded = Patiently([&] { return ports_.audit->Record(entry); });
  if (recorded) return {};
  OperationError error = FromChange(recorded.error());
  error.message = "nothing is leased that the audit does not have: " + error.message;
  return Unexpected<OperationError>(std::move(error));
}

// First whether the delivery is still the worker's, then the row, then (by the caller) the
// acknowledgement. If we die in between, the message comes again, its row is as it was left, and
// the guard makes the second time harmless. If the lease ends after the look and the execution is
// scheduled anew, the guard, which knows of which attempt the message is, leaves that attempt
// alone (P2). Where nothing was moved, the message may go if the execution has ended, or if a later
// message is to end it; otherwise it would wait for ever, and nobody would know (P5).
OperationResult<Work::Ended> Work::EndExecution(const std::string& delivery,
                                                const Acknowledgement& acknowledgement) {
  const auto& known = options_.final_statuses;
  const std::string status = acknowledgement.status.value_or(known.empty() ? "" : known.front());
  if (std::ranges::find(known, status) == known.end()) {
    return FailOperation(OperationFault::kUnacceptable,
                         fmt::format("status must be one of executions.final ({}), not {}",
                                     fmt::join(known, ", "), Quoted(status)));
  }
  if (ports_.executions == nullptr)
    return Observing("no execution is touched; acknowledge without result and status");
  auto found = ports_.queue->Find(delivery);
  if (!found) return FromQueues(found.error(), "");
  if (!*found) return NotLeased("; nothing was changed");
  const Letter read = reader_.Read(LetterId(), std::move(**found));
  if (!read.execution_id) {
    return FailOperation(OperationFault::kUnacceptable,
                         "this message names no execution that could be ended: acknowledge it "
                         "without result and status, or reject it");
  }
  if (read.malformation) {
    return FailOperation(OperationFault::kUnacceptable,
                         "of which attempt of its execution this message is cannot be read: "
                         "acknowledge it without result and status, or reject it");
  }
  const ExecutionId& id = *read.execution_id;
  const MessageAttempt attempt{.window = read.attempt, .replay_id = read.replay_id};
  const Turn turn(*this);
  if (turn.IsClosed()) return Stopping();
  const auto moved = Patiently([&] {
    return ports_.executions->FinishIfFailable(id, attempt, status,
                                               acknowledgement.result_json.value_or("null"));
  });
  if (!moved) return NotAcknowledged(FromChange(moved.error()));
  if (*moved) return Ended{.id = id, .moved = true, .status = status};
  const auto standing = Patiently([&] { return ports_.executions->FindStanding(id, attempt); });
  if (!standing) return NotAcknowledged(FromLedger(standing.error()));
  if (!*standing) return Ended{.id = id, .moved = false, .status = std::nullopt};
  if ((*standing)->is_failable && !(*standing)->waits_for_another)
    return Renewed(id, (*standing)->status);
  return Ended{.id = id, .moved = false, .status = (*standing)->status};
}

OperationResult<std::string> Work::Acknowledge(const std::string& delivery, std::string_view json) {
  const auto acknowledgement = ParseAcknowledgement(json);
  if (!acknowledgement) return Unexpected<OperationError>(acknowledgement.error());
  if (!IsDeliveryId(delivery)) return NoSuchDelivery(delivery);
  if (IsClosed()) return Stopping();
  std::string execution(kJsonNull);
  std::string told;
  if (acknowledgement->EndsExecution()) {
    const auto ended = EndExecution(delivery, *acknowledgement);
    if (!ended) return Unexpected<OperationError>(ended.error());
    execution = JsonObject()
                    .Add("id", JsonString(ended->id.ToString()))
                    .Add("moved", FlagJson(ended->moved))
                    .Add("status", TextOrNull(ended->status))
                    .Take();
    told = "; " + HowItStands(ended->moved, ended->status);
  }
  const auto acknowledged = ports_.queue->Acknowledge(delivery);
  if (!acknowledged) {
    auto failed = FromQueues(acknowledged.error(), "");
    failed.value().message = "not acknowledged, do it again: " + failed.value().message + told;
    return failed;
  }
  if (!*acknowledged) return NotLeased(told);
  return JsonObject().Add("acknowledged", "true").Add("execution", execution).Take();
}

OperationResult<std::string> Work::Reject(const std::string& delivery, std::string_view json) {
  const auto requeue = ParseRejectRequest(json);
  if (!requeue) return Unexpected<OperationError>(requeue.error());
  if (!IsDeliveryId(delivery)) return NoSuchDelivery(delivery);
  if (IsClosed()) return Stopping();
  const auto rejected = ports_.queue->Reject(delivery, *requeue);
  if (!rejected) return FromQueues(rejected.error(), "");
  if (!*rejected) return NotLeased("");
  return JsonObject().Add("requeued", FlagJson(*requeue)).Take();
}

OperationResult<std::string> Work::Extend(const std::string& delivery, std::string_view json) {
  const auto lease = ParseExtendRequest(json);
  if (!lease) return Unexpected<OperationError>(lease.error());
  if (!IsDeliveryId(delivery)) return NoSuchDelivery(delivery);
  if (IsClosed()) return Stopping();
  // Read before the queue reads its own: nobody is told a later end than there is.
  const Instant until = options_.clock->Now() + *lease;
  const auto extended = ports_.queue->Extend(delivery, *lease);
  if (!extended) return FromQueues(extended.error(), "");
  if (!*extended) return NotLeased("");
  return JsonObject().Add("until", TimeJson(until)).Take();
}

void Work::EndWaits() {
  ending_.request_stop();
}

void Work::Close(std::chrono::steady_clock::time_point deadline) {
  EndWaits();
  std::unique_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
  changed_.wait_until(lock, deadline, [this] { return !asking_; });
  if (ports_.executions) ports_.executions->Abort();
  ports_.audit->Abort();
}

OperationError WorkIsElsewhere() {
  return {.fault = OperationFault::kConflict,
          .message =
              "only the embedded pair has work queues over HTTP: here workers take their "
              "messages from RabbitMQ itself, and `deadletter submit` submits"};
}

}  // namespace deadletter
