// GET /v1/letters/{id} and its body.
#pragma once

#include <string>
#include <string_view>

#include "operations/operation_error.h"
#include "operations/operations.h"

namespace deadletter {

// The error for an id that no letter has, whatever it looks like.
[[nodiscard]] OperationError NoSuchLetter(std::string_view id);

// Not found also where `id` is no UUID: no letter has such an id.
[[nodiscard]] OperationResult<LetterRecord> FindLetter(Catalog& catalog, std::string_view id);

// The row that the letter was about, as it is now.
[[nodiscard]] std::optional<ExecutionRow> FindExecution(Executions* executions,
                                                        ExecutionIdType id_type,
                                                        const LetterSummary& letter);

[[nodiscard]] std::string BodyUrl(std::string_view base_path, LetterId id);

}  // namespace deadletter
