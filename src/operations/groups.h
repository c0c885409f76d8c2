// GET /v1/groups and POST /v1/groups/{id}/mute.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "ledger/group_book.h"
#include "operations/cursor.h"
#include "operations/operation_error.h"
#include "operations/parameter.h"
#include "operations/redaction.h"
#include "operations/role.h"

namespace deadletter {

inline constexpr std::array<std::string_view, 9> kGroupParameters = {
    "type", "action", "reason", "queue", "since", "muted", "order", "limit", "cursor"};
inline constexpr std::chrono::seconds kLongestMute{30 * 24 * 3600};

struct GroupsRequest {
  GroupFilter filter;
  GroupOrder order = GroupOrder::kLastSeen;
  FilterDigest digest{};
  std::size_t limit = 0;
  std::optional<GroupPlace> after;
};

// Filters are compared as groups are made: numbers make no difference. Those that look at something
// hidden are for admins only.
[[nodiscard]] OperationResult<GroupsRequest> ParseGroupsRequest(
    std::span<const Parameter> parameters, const Caller& caller, const Redaction& redaction);

// {"items":[…],"next_cursor":"…"|null}. What is redacted stays so, whoever asks.
[[nodiscard]] OperationResult<std::string> ListGroups(GroupBook& book, const GroupsRequest& request,
                                                      const Redaction& redaction, Instant now);

// `json` is {"for": seconds}; 0: muted no longer. {"group","muted_until","muted_by"} afterwards.
[[nodiscard]] OperationResult<std::string> MuteGroup(GroupBook& book, std::string_view group,
                                                     std::string_view json, const Caller& caller,
                                                     Instant now);

}  // namespace deadletter
