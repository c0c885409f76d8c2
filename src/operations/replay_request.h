// POST /v1/replays: what is asked for, read from its JSON.
#pragma once

#include <string>
#include <string_view>

#include "ledger/replay_book.h"
#include "letter/replay_edit.h"
#include "operations/operation_error.h"
#include "operations/redaction.h"
#include "operations/role.h"

namespace deadletter {

// Every limit has a unit in its name (P9).
inline constexpr std::size_t kMaxReplayLetters = 1'000'000;
inline constexpr double kMaxReplayRatePerSecond = 100'000;
inline constexpr std::int64_t kMaxAnswerWithinSeconds = 30 * 24 * 3600;
inline constexpr std::int64_t kMaxQueueMessages = 1'000'000'000;
inline constexpr std::int64_t kDefaultStopPercent = 20;

struct ReplayRequest {
  LetterSelection selection;
  ReplaySpec spec;
  ReplayEdit edit;
  bool dry_run = false;
};

// Refuses what is unknown, contradictory or out of range; each message is one line that says what
// is allowed. Neither an empty filter nor an empty list of ids selects anything: "all" would be
// more than anybody has seen. kForbidden: a filter looks at something hidden, and the caller is no
// admin; or an edit would tell what is there, or carry it to where it is not hidden.
[[nodiscard]] OperationResult<ReplayRequest> ParseReplayRequest(std::string_view json,
                                                                const Caller& caller,
                                                                const Redaction& redaction);

}  // namespace deadletter
