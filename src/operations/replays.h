// /v1/replays: made, seen and steered.
#pragma once

#include <array>
#include <chrono>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/catalog.h"
#include "ledger/replay_book.h"
#include "operations/cursor.h"
#include "operations/operation_error.h"
#include "operations/parameter.h"
#include "operations/redaction.h"
#include "operations/replay_request.h"
#include "operations/role.h"

namespace deadletter {

// The parameters of GET /v1/replays, and of one replay's letters.
inline constexpr std::array<std::string_view, 2> kReplaysParameters = {"limit", "cursor"};
inline constexpr std::array<std::string_view, 3> kReplayedLettersParameters = {"outcome", "limit",
                                                                               "cursor"};

struct ReplayPage {
  std::size_t limit = 0;
  std::optional<Uuid> after;
  std::optional<ReplayEnd> end;  // of one replay's letters only
  FilterDigest digest{};
};

// `replay`: of its letters; empty: of replays.
[[nodiscard]] OperationResult<ReplayPage> ParseReplayPage(std::span<const Parameter> parameters,
                                                          std::string_view replay);

// How many letters, which of them would not be sent as far as the ledger alone tells, of which
// groups, where they would go, why not, and what would be changed in one of each group.
[[nodiscard]] OperationResult<std::string> PreviewReplay(ReplayBook& book, Catalog& catalog,
                                                         const ReplayRequest& request,
                                                         const LetterFormat& format,
                                                         const Redaction& redaction,
                                                         std::optional<std::int64_t> unindexed);
struct NewReplay {
  ReplayId id;
  std::int64_t taken = 0;  // letters that have ended so already
};
// kUnacceptable: there is no such letter, or there are too many. kConflict: other replays have all
// of them; it names one.
[[nodiscard]] OperationResult<NewReplay> MakeReplay(ReplayBook& book, const ReplayRequest& request,
                                                    const Caller& caller,
                                                    const Redaction& redaction, Instant now);
// What is redacted stays so, whoever asks: in what was selected by, and in executions' ids.
[[nodiscard]] OperationResult<std::string> ListReplays(ReplayBook& book, const ReplayPage& page,
                                                       const Redaction& redaction);
[[nodiscard]] OperationResult<std::string> ShowReplay(ReplayBook& book, std::string_view id,
                                                      const Redaction& redaction);
// The same of one that was made just now: with how many letters its selection could not hold for.
[[nodiscard]] OperationResult<std::string> ShowMadeReplay(ReplayBook& book, ReplayId id,
                                                          const Redaction& redaction,
                                                          std::optional<std::int64_t> unindexed);
[[nodiscard]] OperationResult<std::string> ListReplayedLetters(ReplayBook& book,
                                                               std::string_view id,
                                                               const ReplayPage& page,
                                                               const Redaction& redaction);
// How a replay stands; nothing of its letters, nor of what they were selected by.
struct ReplayStanding {
  std::string id;
  bool ended = false;
  std::string json;  // empty: it has ended, and the caller knows how
};
inline constexpr std::size_t kMaxStandingReplays = 100;
inline constexpr std::chrono::minutes kEndedReplayStands{1};  // so long it is told of

// The newest of those that have not ended or have just done so. `known`: the ids of those that have
// ended and are known so; nobody counts their letters once more.
[[nodiscard]] OperationResult<std::vector<ReplayStanding>> StandingReplays(
    ReplayBook& book, const std::set<std::string>& known, Instant now);
// kConflict: not from the state that it is in, or it has ended.
[[nodiscard]] OperationResult<ReplaySteered> SteerReplay(ReplayBook& book, std::string_view id,
                                                         ReplayCommand command,
                                                         const Caller& caller, Instant now);
// Its place under `http.base_path`.
[[nodiscard]] std::string ReplayUrl(std::string_view base_path, ReplayId id);
[[nodiscard]] Unexpected<OperationError> NothingIsReplayed();

}  // namespace deadletter
