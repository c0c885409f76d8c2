// What submitters and workers ask for over HTTP, read from its JSON.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "operations/operation_error.h"
#include "operations/submission.h"

namespace deadletter {

// Every limit has a unit in its name (P9).
inline constexpr std::size_t kMaxSubmittedExecutions = 1'000;
inline constexpr std::size_t kMaxSubmittedBytes = std::size_t{16}
                                                  << 20;  // of one request's messages
inline constexpr std::size_t kMaxActionBytes = 1'024;
inline constexpr std::size_t kMaxWorkerIdBytes = 255;
inline constexpr std::size_t kMaxPayloadDepth = 500;
inline constexpr std::int64_t kMaxLeasedDeliveries = 100;
inline constexpr std::int64_t kMaxLeaseSeconds = 24 * 3600;
inline constexpr std::int64_t kDefaultLeaseSeconds = 60;
inline constexpr std::int64_t kMaxWaitSeconds = 20;

// {"queue", "action", "payload", "ttl_ms", "count", "worker_id"}; the first two must be there.
[[nodiscard]] OperationResult<Submission> ParseSubmission(std::string_view json);

// Of the other bodies everything may be left out, and an empty one is {}.

struct LeaseRequest {
  std::size_t max = 1;
  std::chrono::seconds lease{kDefaultLeaseSeconds};
  std::chrono::seconds wait{0};
};
[[nodiscard]] OperationResult<LeaseRequest> ParseLeaseRequest(std::string_view json);

struct Acknowledgement {
  std::optional<std::string> result_json;  // as it was written
  std::optional<std::string> status;

  [[nodiscard]] bool EndsExecution() const { return result_json || status; }
};
[[nodiscard]] OperationResult<Acknowledgement> ParseAcknowledgement(std::string_view json);

// {"requeue"}
[[nodiscard]] OperationResult<bool> ParseRejectRequest(std::string_view json);
// {"lease"}
[[nodiscard]] OperationResult<std::chrono::seconds> ParseExtendRequest(std::string_view json);

}  // namespace deadletter
