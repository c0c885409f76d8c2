// One transaction of a replay's work, letter by letter.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/replay_work.h"
#include "ledger/sqlite/execution_sql.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

// Errors are kept by the transaction that is open on the database: whatever is returned here holds
// only if its Commit() succeeds. Used once.
class ReplayRun {
 public:
  ReplayRun(sqlite::Database& database, const ExecutionSql& sql, const SqliteLedgerOptions& options,
            ReplayId replay, Instant now);

  [[nodiscard]] ClaimedLetter Claim(const ReplayClaim& claim, bool is_running);
  void Mark(const ReplayResult& result, Microseconds answer_within);
  // Whether anything has changed.
  [[nodiscard]] bool Follow(const LetterId& letter, const std::optional<ExecutionId>& execution,
                            Microseconds answer_within);

  // What has ended; notes the letters' states that changed. At the end, once.
  [[nodiscard]] std::map<ReplayEnd, std::int64_t> Finish();

 private:
  struct Standing;
  struct Row;

  [[nodiscard]] std::optional<Standing> StandingOf(const LetterId& letter);
  [[nodiscard]] std::optional<Row> RowOf(const std::optional<ExecutionId>& execution,
                                         const LetterId& letter);
  // Why it must not be sent; nothing: it may. `moves`: its row goes to replay_status for it.
  [[nodiscard]] std::optional<std::string> WhyNot(const ReplayClaim& claim,
                                                  const Standing& standing,
                                                  const std::optional<Row>& row, bool& moves) const;
  [[nodiscard]] bool MayMove(const ReplayClaim& claim, const Standing& standing,
                             const Row& row) const;
  [[nodiscard]] bool Move(const ExecutionId& execution, const std::string& from);
  // Of a message that no queue has: whether what the claim moved is moved no more.
  // Of an execution that goes on waiting though it was to fail, `detail` says so.
  [[nodiscard]] bool GivesBack(const ReplayResult& result, const Standing& standing,
                               std::string& detail);
  [[nodiscard]] bool FailAgain(const ReplayResult& result, const Standing& standing);
  // `gives_back`: what the claim moved is moved no more.
  void End(const LetterId& letter, ReplayEnd end, const std::string& detail,
           bool gives_back = false);
  void SetLetter(const LetterId& letter, LetterState before, LetterState after,
                 const std::string& what, const std::string& detail,
                 bool forgets_to_look = false);  // that a refused one was to be settled again

  sqlite::Database& database_;
  const ExecutionSql& sql_;
  const SqliteLedgerOptions& options_;
  const ReplayId replay_;
  const Instant now_;
  std::map<LetterState, std::int64_t> counts_;
  std::map<ReplayEnd, std::int64_t> ends_;
};

}  // namespace deadletter
