// Rows of the replay tables as values.
#pragma once

#include <string>

#include "ledger/postgres/connection.h"
#include "ledger/replay.h"

namespace deadletter::postgres {

[[nodiscard]] ReplayRecord ReadReplay(const Rows& rows, int row);  // sql/replay_columns.sql

// How many of the replay's letters stand where.
[[nodiscard]] LedgerResult<ReplayCounts> CountReplay(Connection& connection,
                                                     const std::string& schema, ReplayId id);

}  // namespace deadletter::postgres
