// What of a text search the answer has to tell, and when there is none to be had.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ledger/catalog.h"
#include "operations/operation_error.h"

namespace deadletter {

// kConflict: the index holds what another instance shows of letters.
[[nodiscard]] Unexpected<OperationError> IndexOfAnother();

// So many letters no search finds yet, and so neither does `filter`; nothing where it has no text.
// kConflict where it finds none at all.
[[nodiscard]] OperationResult<std::optional<std::int64_t>> CountUnindexed(
    Catalog& catalog, const LetterFilter& filter);

[[nodiscard]] std::string UnindexedJson(std::optional<std::int64_t> unindexed);

}  // namespace deadletter
