#include "operations/work_request.h"

#include <fmt/format.h>

#include <utility>

#include "letter/json_patch.h"
#include "operations/query.h"
#include "operations/request_json.h"

namespace deadletter {
namespace {

using boost::json::object;
using boost::json::value;

std::string_view OrEmptyObject(std::string_view json) {
  return json.empty() ? "{}" : json;
}

Unexpected<OperationError> Refuse(std::string problem) {
  return FailOperation(OperationFault::kBadRequest, std::move(problem));
}

// A name of 1 to `max_bytes` bytes that every ledger can hold; nothing where it is left out.
OperationResult<std::optional<std::string>> ReadName(const object& body, std::string_view name,
                                                     std::size_t max_bytes) {
  const value* const member = body.if_contains(name);
  if (member == nullptr) return std::optional<std::string>();
  if (!member->is_string()) return BadBody(fmt::format("must have a string in {}", name));
  std::string text(member->get_string());
  if (text.empty() || text.size() > max_bytes || text.find('\0') != std::string::npos) {
    return FailOperation(OperationFault::kUnacceptable,
                         fmt::format("{} has 1 to {} bytes, none of them NUL", name, max_bytes));
  }
  return std::optional(std::move(text));
}

OperationResult<std::string> ReadNeededName(const object& body, std::string_view name,
                                            std::size_t max_bytes) {
  auto text = ReadName(body, name, max_bytes);
  if (!text) return Unexpected<OperationError>(text.error());
  if (!*text) return BadBody(fmt::format("must have a string in {}", name));
  return std::move(**text);
}

// `number` stays as it is where the member is left out.
Problem ReadAmount(const object& body, std::string_view name, std::int64_t least, std::int64_t most,
                   std::int64_t& number) {
  const value* const member = body.if_contains(name);
  if (member == nullptr) return std::nullopt;
  return ReadInteger(*member, name, least, most, number);
}

// Every digit of it.
std::string AsWritten(std::string_view json, std::string_view name) {
  return std::string(JsonAt(json, {{std::string(name)}}).value_or("null"));
}

}  // namespace

OperationResult<Submission> ParseSubmission(std::string_view json) {
  const auto body = ReadObject(json, {"queue", "action", "payload", "ttl_ms", "count", "worker_id"},
                               kMaxPayloadDepth);
  if (!body) return Unexpected<OperationError>(body.error());
  Submission submission;
  auto queue = ReadNeededName(*body, "queue", kMaxQueueNameBytes);
  if (!queue) return Unexpected<OperationError>(queue.error());
  submission.queue = std::move(*queue);
  auto action = ReadNeededName(*body, "action", kMaxActionBytes);
  if (!action) return Unexpected<OperationError>(action.error());
  submission.action = std::move(*action);
  auto worker = ReadName(*body, "worker_id", kMaxWorkerIdBytes);
  if (!worker) return Unexpected<OperationError>(worker.error());
  submission.worker_id = std::move(*worker);
  std::int64_t ttl_ms = 0;
  if (auto problem = ReadAmount(*body, "ttl_ms", 0, kMaxSubmittedTtlMs, ttl_ms))
    return Refuse(std::move(*problem));
  if (body->contains("ttl_ms")) submission.ttl = std::chrono::milliseconds(ttl_ms);
  std::int64_t count = 1;
  if (auto problem =
          ReadAmount(*body, "count", 1, static_cast<std::int64_t>(kMaxSubmittedExecutions), count))
    return Refuse(std::move(*problem));
  submission.count = static_cast<std::size_t>(count);
  if (body->contains("payload")) submission.payload_json = AsWritten(json, "payload");
  const std::size_t bytes = submission.payload_json.size() + submission.action.size();
  if (submission.count * bytes > kMaxSubmittedBytes) {
    return FailOperation(
        OperationFault::kUnacceptable,
        fmt::format("{} executions of {} bytes each are more than {} bytes: submit "
                    "fewer at once",
                    submission.count, bytes, kMaxSubmittedBytes));
  }
  return submission;
}

OperationResult<LeaseRequest> ParseLeaseRequest(std::string_view json) {
  const auto body = ReadObject(OrEmptyObject(json), {"max", "lease", "wait"});
  if (!body) return Unexpected<OperationError>(body.error());
  std::int64_t max = 1;
  std::int64_t lease = kDefaultLeaseSeconds;
  std::int64_t wait = 0;
  if (auto problem = ReadAmount(*body, "max", 1, kMaxLeasedDeliveries, max))
    return Refuse(std::move(*problem));
  if (auto problem = ReadAmount(*body, "lease", 1, kMaxLeaseSeconds, lease))
    return Refuse(std::move(*problem));
  if (auto problem = ReadAmount(*body, "wait", 0, kMaxWaitSeconds, wait))
    return Refuse(std::move(*problem));
  return LeaseRequest{.max = static_cast<std::size_t>(max),
                      .lease = std::chrono::seconds(lease),
                      .wait = std::chrono::seconds(wait)};
}

OperationResult<Acknowledgement> ParseAcknowledgement(std::string_view json) {
  const auto body = ReadObject(OrEmptyObject(json), {"result", "status"}, kMaxPayloadDepth);
  if (!body) return Unexpected<OperationError>(body.error());
  Acknowledgement acknowledgement;
  if (body->contains("result")) acknowledgement.result_json = AsWritten(json, "result");
  const value* const status = body->if_contains("status");
  if (status == nullptr) return acknowledgement;
  if (!status->is_string()) return BadBody("must have a string in status");
  acknowledgement.status = std::string(status->get_string());
  return acknowledgement;
}

OperationResult<bool> ParseRejectRequest(std::string_view json) {
  const auto body = ReadObject(OrEmptyObject(json), {"requeue"});
  if (!body) return Unexpected<OperationError>(body.error());
  bool requeue = false;
  if (const value* const member = body->if_contains("requeue")) {
    if (auto problem = ReadFlag(*member, "requeue", requeue)) return Refuse(std::move(*problem));
  }
  return requeue;
}

OperationResult<std::chrono::seconds> ParseExtendRequest(std::string_view json) {
  const auto body = ReadObject(OrEmptyObject(json), {"lease"});
  if (!body) return Unexpected<OperationError>(body.error());
  std::int64_t lease = kDefaultLeaseSeconds;
  if (auto problem = ReadAmount(*body, "lease", 1, kMaxLeaseSeconds, lease))
    return Refuse(std::move(*problem));
  return std::chrono::seconds(lease);
}

}  // namespace deadletter
