// Rows of the replay tables as values.
#pragma once

#include "ledger/replay.h"
#include "ledger/sqlite/letter_row.h"

namespace deadletter {

// The newest first, without the counts; `conditions` may use ?1, which is `id`.
[[nodiscard]] sqlite::DatabaseResult<std::vector<ReplayRecord>> ReadReplays(
    sqlite::Database& database, const std::string& conditions, const std::optional<ReplayId>& id,
    std::size_t limit);

// How many of the replay's letters stand where.
[[nodiscard]] sqlite::DatabaseResult<ReplayCounts> CountReplay(sqlite::Database& database,
                                                               const ReplayId& id);

}  // namespace deadletter
