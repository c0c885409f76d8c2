// Rows of the replay tables as values.
#pragma once

#include "ledger/replay.h"
#include "ledger/sqlite/letter_row.h"

namespace deadletter {

// What the conditions may use: ?1 and ?2.
struct ReplayConditions {
  std::optional<ReplayId> id;
  std::optional<Instant> now;
};

// The newest first, without the counts.
[[nodiscard]] sqlite::DatabaseResult<std::vector<ReplayRecord>> ReadReplays(
    sqlite::Database& database, const std::string& conditions, const ReplayConditions& values,
    std::size_t limit);

// How many of the replay's letters stand where.
[[nodiscard]] sqlite::DatabaseResult<ReplayCounts> CountReplay(sqlite::Database& database,
                                                               const ReplayId& id);

}  // namespace deadletter
