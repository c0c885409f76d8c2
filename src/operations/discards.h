// POST /v1/discards: closes letters that nobody needs to look at any more. They stay in the ledger.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "ledger/catalog.h"
#include "ledger/discards.h"
#include "operations/operation_error.h"
#include "operations/redaction.h"
#include "operations/role.h"
#include "operations/selection_request.h"

namespace deadletter {

// One transaction's worth: more would hold the ledger up for everybody else.
inline constexpr std::size_t kMaxDiscardedLetters = 100'000;
inline constexpr std::size_t kMaxWhyBytes = 200;

struct DiscardRequest {
  SelectionRequest selection;
  std::string why;
  bool dry_run = false;
};

// `json` is {"filter":{…} or "ids":[…], "why":"…", "dry_run":…}.
[[nodiscard]] OperationResult<DiscardRequest> ParseDiscardRequest(std::string_view json,
                                                                  const Caller& caller,
                                                                  const Redaction& redaction);

// The answer is {"dry_run","id","letters","discarded","taken","waiting","closed",
// "unindexed_letters"}. kUnacceptable: there is no such letter, or there are too many. kConflict:
// there is nothing to discard in them, or the index of words is another instance's.
[[nodiscard]] OperationResult<std::string> DiscardLetters(Discards& discards, Catalog& catalog,
                                                          const DiscardRequest& request,
                                                          const Caller& caller,
                                                          const Redaction& redaction, Instant now);

}  // namespace deadletter
