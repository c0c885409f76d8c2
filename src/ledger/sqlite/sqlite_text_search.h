// A page of the letters that a text search finds.
#pragma once

#include <cstdint>
#include <optional>

#include "ledger/catalog.h"
#include "ledger/sqlite/ledger_file.h"

namespace deadletter {

// Goes through the letters in the order of a list, some thousands at a time: of those the index
// gives what has the words, and none of the others is looked at. `filter` has a text.
[[nodiscard]] LedgerResult<LetterPage> SearchLetters(LedgerFile& file, const LetterFilter& filter,
                                                     std::size_t limit,
                                                     std::optional<LetterId> after);

}  // namespace deadletter
