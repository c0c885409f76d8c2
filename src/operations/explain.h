// GET /v1/executions/{id}/explain: what happened to an execution, as far as its letters tell.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ledger/catalog.h"
#include "ledger/executions.h"
#include "operations/operation_error.h"
#include "operations/redaction.h"

namespace deadletter {

// The newest ones; each is read whole.
inline constexpr std::size_t kMaxExplainedLetters = 50;

struct Explained {
  std::string execution_id;              // as it was asked for
  std::optional<ExecutionRow> row = {};  // as it is now
  bool row_is_known = false;             // false: the platform's table was not, or cannot be, read
  std::vector<LetterRecord> letters = {};  // oldest first, without their bodies
  bool more_letters = false;               // older ones than these
};

// kNotFound where there is neither a row nor a letter.
[[nodiscard]] OperationResult<Explained> FindExplained(Catalog& catalog, Executions* executions,
                                                       ExecutionIdType id_type,
                                                       std::string_view execution_id);

// {"execution_id", "conclusion", "execution", "letters", "more_letters", "timeline": [{"at",
// "what", "letter", "queue", "reason", "count", "detail"}]}, the timeline oldest first. `what` is
// "sent", "died", "received", or a step of the letter's history. The conclusion is one sentence.
[[nodiscard]] std::string ExplainedJson(const Explained& explained, const Redaction& redaction);

}  // namespace deadletter
