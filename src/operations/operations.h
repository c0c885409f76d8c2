// What a person may ask of the ledger, in the words of the HTTP API: parameters in, JSON out. The
// edges (http, cli) translate nothing else, and have made sure that the caller has the role that
// the call needs. Reading changes no letter, and no call here touches a queue (P7): a replay is
// rows, and the handler sends it. Every change, and every look at what is redacted, is audited
// (P8).
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ledger/audit.h"
#include "ledger/catalog.h"
#include "ledger/discards.h"
#include "ledger/executions.h"
#include "ledger/group_book.h"
#include "ledger/remarks.h"
#include "ledger/replay_book.h"
#include "operations/export_letters.h"
#include "operations/operation_error.h"
#include "operations/parameter.h"
#include "operations/redaction.h"
#include "operations/replays.h"
#include "operations/role.h"
#include "operations/statistics.h"

namespace deadletter {

// One connection's worth of ports; they belong to one thread at a time.
struct LedgerReaders {
  std::unique_ptr<Catalog> catalog;  // never null
  std::unique_ptr<Executions>
      executions;  // null: the platform's table is not to be read (observing)
  std::unique_ptr<Audit> audit = nullptr;         // } null: calls that need them fail
  std::unique_ptr<Remarks> remarks = nullptr;     // }
  std::unique_ptr<Discards> discards = nullptr;   // }
  std::unique_ptr<ReplayBook> replays = nullptr;  // null: nothing is replayed (observing)
  std::unique_ptr<GroupBook> groups = nullptr;    // null: calls that need it fail
};

struct OperationsOptions {
  ExecutionIdType id_type = ExecutionIdType::kInteger;
  std::string base_path = "/";  // `http.base_path`: links in answers begin with it
  LetterFormat format = LetterFormat::Default();
  Redaction redaction = {};
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
  std::function<void()> replays_changed = nullptr;  // called after one was made or steered
  // Called after letters of replays have ended by what was asked for here: taken, or withdrawn.
  std::function<void(ReplayEnd, std::int64_t)> replayed = nullptr;
  std::function<QueueDepths()> depths = nullptr;     // null: nobody counts them
  std::chrono::milliseconds search_patience{5'000};  // for another search to end
};

// How somebody looks at one letter.
struct Looking {
  Caller caller = {};
  bool reveal = false;  // what is redacted is shown; the caller is an admin
};

// Of a request for one letter: `reveal`, true or false, and nothing else. kForbidden where the
// caller may not reveal.
[[nodiscard]] OperationResult<Looking> ParseLooking(std::span<const Parameter> parameters,
                                                    const Caller& caller);

// Safe from any thread. As many calls run at once as there are readers; the others wait for one of
// them. Of those that search by words one runs and one waits: what a thread of the HTTP interface
// is needed for besides need not wait for them.
class Operations {
 public:
  // `readers` is not empty.
  Operations(std::vector<LedgerReaders> readers, OperationsOptions options);

  // GET /v1/letters: see operations/list_letters.h. Never with anything redacted.
  [[nodiscard]] OperationResult<std::string> ListLetters(std::span<const Parameter> parameters,
                                                         const Caller& caller = {});
  // GET /v1/letters/{id}: one letter with all that is known of it. Its execution is null where the
  // letter names none, where there is no such row, and where the platform's table cannot be read
  // now.
  [[nodiscard]] OperationResult<std::string> ShowLetter(std::string_view id,
                                                        const Looking& looking = {});
  // GET /v1/letters/{id}/body: the bytes as they came; with something redacted in them, the JSON
  // that stands for them. kForbidden where the body cannot be read and so may hold anything.
  [[nodiscard]] OperationResult<std::string> LetterBody(std::string_view id,
                                                        const Looking& looking = {});

  // GET /v1/executions/{id}/explain: see operations/explain.h. kForbidden where executions' ids are
  // redacted and the caller is no admin.
  [[nodiscard]] OperationResult<std::string> ExplainExecution(std::string_view id,
                                                              std::span<const Parameter> parameters,
                                                              const Caller& caller);

  // GET /v1/export: its first lines, and what gives the ones behind them, call by call; nothing:
  // that was all. Between two calls no reader is held.
  struct Exported {
    std::string lines;
    std::function<OperationResult<std::optional<std::string>>()> more;  // empty: this is all
  };
  [[nodiscard]] OperationResult<Exported> ExportLetters(std::span<const Parameter> parameters,
                                                        const Caller& caller);

  // POST /v1/letters/{id}/notes and …/tags: see operations/remarks.h.
  [[nodiscard]] OperationResult<std::string> AddNote(std::string_view id, std::string_view json,
                                                     const Caller& caller);
  [[nodiscard]] OperationResult<std::string> ChangeTags(std::string_view id, std::string_view json,
                                                        const Caller& caller);
  // POST /v1/discards: see operations/discards.h.
  [[nodiscard]] OperationResult<std::string> DiscardLetters(std::string_view json,
                                                            const Caller& caller);
  // GET /v1/audit: see operations/audit_log.h.
  [[nodiscard]] OperationResult<std::string> ListAudit(std::span<const Parameter> parameters);

  // POST /v1/replays. `made` false: it was a dry run.
  struct ReplayAnswer {
    bool made = false;
    std::string url;  // of the replay that was made
    std::string json;
  };
  [[nodiscard]] OperationResult<ReplayAnswer> MakeReplay(std::string_view request_json,
                                                         const Caller& caller);
  // GET /v1/replays, /v1/replays/{id} and its letters.
  [[nodiscard]] OperationResult<std::string> ListReplays(std::span<const Parameter> parameters);
  [[nodiscard]] OperationResult<std::string> ShowReplay(std::string_view id);
  [[nodiscard]] OperationResult<std::string> ListReplayedLetters(
      std::string_view id, std::span<const Parameter> parameters);
  // Of GET /v1/events: see operations/replays.h. Empty where nothing is replayed.
  [[nodiscard]] OperationResult<std::vector<ReplayStanding>> ReplaysAsTheyStand(
      const std::set<std::string>& known);
  // POST /v1/replays/{id}/pause and so on: the replay as it is then.
  [[nodiscard]] OperationResult<std::string> SteerReplay(std::string_view id, ReplayCommand command,
                                                         const Caller& caller);

  // GET /v1/groups, POST /v1/groups/{id}/mute: see operations/groups.h.
  [[nodiscard]] OperationResult<std::string> ListGroups(std::span<const Parameter> parameters,
                                                        const Caller& caller);
  [[nodiscard]] OperationResult<std::string> MuteGroup(std::string_view id, std::string_view json,
                                                       const Caller& caller);
  // GET /v1/stats: see operations/statistics.h.
  [[nodiscard]] OperationResult<std::string> ShowStatistics(std::span<const Parameter> parameters);

  // From now on every call is answered kUnavailable. Those in progress are waited for until
  // `deadline`; then the ledger is not waited for any more.
  void Close(std::chrono::steady_clock::time_point deadline);

 private:
  class Lease;
  class SearchTurn;

  [[nodiscard]] OperationResult<ExportPart> ExportSome(const LetterFilter& filter,
                                                       std::optional<LetterId> after);

  // What the caller may see: with `reveal` everything, once the audit has it.
  [[nodiscard]] OperationResult<const Redaction*> Reveal(const Lease& lease, LetterId letter,
                                                         std::string_view what,
                                                         const Looking& looking) const;

  const OperationsOptions options_;
  std::vector<LedgerReaders> readers_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<LedgerReaders*> idle_;  // guarded by mutex_
  bool closed_ = false;               // guarded by mutex_
  bool is_searching_ = false;         // guarded by mutex_
  std::size_t searches_waiting_ = 0;  // guarded by mutex_
};

}  // namespace deadletter
