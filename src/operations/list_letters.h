// GET /v1/letters: a question read from parameters, and its answer.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "ledger/catalog.h"
#include "operations/cursor.h"
#include "operations/operation_error.h"
#include "operations/parameter.h"

namespace deadletter {

inline constexpr std::size_t kDefaultListLimit = 100;
inline constexpr std::size_t kMaxListLimit = 1000;

struct ListRequest {
  LetterFilter filter;
  FilterDigest digest{};
  std::size_t limit = kDefaultListLimit;
  std::optional<LetterId> after;
};

// Refuses what is unknown, given twice, not text, or out of range; each message is one line that
// says what is allowed.
[[nodiscard]] OperationResult<ListRequest> ParseListRequest(std::span<const Parameter> parameters);

// {"items":[…],"next_cursor":"…"|null}.
[[nodiscard]] OperationResult<std::string> ListLetters(Catalog& catalog,
                                                       const ListRequest& request);

}  // namespace deadletter
