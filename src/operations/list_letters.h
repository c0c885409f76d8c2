// GET /v1/letters: a question read from parameters, and its answer.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ledger/catalog.h"
#include "operations/cursor.h"
#include "operations/operation_error.h"
#include "operations/parameter.h"
#include "operations/query.h"
#include "operations/redaction.h"
#include "operations/role.h"

namespace deadletter {

// The parameters of GET /v1/letters; all but limit and cursor are filters.
inline constexpr std::array<std::string_view, 15> kListParameters = {
    "state", "outcome", "reason", "queue", "type", "action", "execution_id", "worker_id",
    "group", "tag",     "since",  "until", "q",    "limit",  "cursor"};

struct ListRequest {
  LetterFilter filter;
  FilterDigest digest{};
  std::size_t limit = kDefaultListLimit;
  std::optional<LetterId> after;
};

// Refuses what is unknown, given twice, not text, or out of range; each message is one line that
// says what is allowed. Filters that look at something hidden are for admins only.
[[nodiscard]] OperationResult<ListRequest> ParseListRequest(std::span<const Parameter> parameters,
                                                            const Caller& caller = {},
                                                            const Redaction& redaction = {});

// {"items":[…],"next_cursor":"…"|null,"unindexed_letters":…|null,"looked_to":"…"|null}: the former
// of a text search, the latter of a list that took too long. What is redacted stays so, whoever
// asks.
[[nodiscard]] OperationResult<std::string> ListLetters(Catalog& catalog, const ListRequest& request,
                                                       const Redaction& redaction = {});

}  // namespace deadletter
