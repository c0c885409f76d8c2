// GET /v1/stats.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "ledger/group_book.h"
#include "operations/operation_error.h"
#include "operations/parameter.h"

namespace deadletter {

inline constexpr std::array<std::string_view, 2> kStatisticsParameters = {"since", "until"};
inline constexpr std::chrono::hours kDefaultStatistics{24};
inline constexpr std::chrono::hours kLongestStatistics{31 * 24};
// The others are summed up.
inline constexpr std::size_t kMaxShownQueues = 100;

// Whole hours: all those that a part of what is asked for is in.
struct StatisticsRequest {
  Instant since;
  Instant until;
};

[[nodiscard]] OperationResult<StatisticsRequest> ParseStatisticsRequest(
    std::span<const Parameter> parameters, Instant now);

// Messages that wait in each dead letter queue, as far as anybody has counted them.
using QueueDepths = std::map<std::string, std::int64_t>;

[[nodiscard]] OperationResult<std::string> ShowStatistics(GroupBook& book,
                                                          const StatisticsRequest& request,
                                                          const QueueDepths& depths);

}  // namespace deadletter
