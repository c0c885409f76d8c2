// Settlement over the SQLite ledger: a transaction with the write lock from its first moment, and
// compiled statements that are kept, which is SQLite's way of few round trips.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/settlement.h"
#include "ledger/sqlite/execution_sql.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

// SQLite locks no rows: `locked` makes no difference, nothing becomes deferred here, and kRowLocked
// is never returned. The file must exist and be migrated; where it is not, every call says so and
// the next one looks again.
class SqliteSettlement final : public Settlement {
 public:
  explicit SqliteSettlement(SqliteLedgerOptions options);

  [[nodiscard]] LedgerResult<std::vector<SettledLetter>> Settle(std::span<const Judgement> batch,
                                                                LockedRows locked) override;
  [[nodiscard]] LedgerResult<std::vector<SettledLetter>> SettleAgain(
      std::span<const Judgement> batch, LockedRows locked) override;
  [[nodiscard]] LedgerResult<std::vector<DueLetter>> TakeDue(
      Instant now, std::size_t limit, std::size_t max_bytes,
      std::chrono::milliseconds lease) override;
  LedgerResult<void> BringForward(Instant now, std::chrono::microseconds longest_deferred,
                                  std::chrono::microseconds longest_refused) override;
  [[nodiscard]] LedgerResult<std::size_t> CloseFinished(std::size_t limit) override;
  [[nodiscard]] LedgerResult<void> Probe() override;
  [[nodiscard]] LedgerResult<void> Rehearse(std::span<const Judgement> batch) override;
  void Abort() override { file_.Abort(); }

 private:
  enum class Turn { kFirst, kAgain };
  struct Finished {
    LetterId id;
    std::string outcome;
    std::string status;  // of its execution
  };
  struct Owner {
    std::string execution_id;
    std::string replay_id;
  };

  [[nodiscard]] LedgerResult<std::vector<SettledLetter>> SettleIn(std::span<const Judgement> batch,
                                                                  Turn turn);
  [[nodiscard]] LedgerResult<std::vector<SettledLetter>> RunIn(sqlite::Database& database,
                                                               std::span<const Judgement> batch,
                                                               Turn turn);
  // Opens the file and, unless we only observe, learns the platform's table anew for each
  // connection.
  [[nodiscard]] LedgerResult<sqlite::Database*> Open();
  [[nodiscard]] LedgerResult<std::vector<DueLetter>> ReadDue(sqlite::Database& database,
                                                             Instant now, std::size_t limit,
                                                             std::size_t max_bytes);
  // The next watched letters after the last ones, those of them whose execution is final.
  [[nodiscard]] LedgerResult<std::vector<Finished>> FindFinished(sqlite::Database& database,
                                                                 std::size_t limit);
  // Forgets whose message an execution waits for, of the next ones after the last ones that are
  // final or gone: otherwise every execution that was ever retried would be remembered.
  [[nodiscard]] LedgerResult<void> ReleaseFinished(sqlite::Database& database, std::size_t limit);
  [[nodiscard]] LedgerResult<std::vector<Owner>> FindReleased(sqlite::Database& database,
                                                              std::size_t limit);
  // The status of the execution's row; nothing where there is no row.
  [[nodiscard]] std::optional<std::string> StatusOf(sqlite::Statement& status,
                                                    const ExecutionId& id) const;
  // Whether an execution of that status closes a letter of that outcome.
  [[nodiscard]] bool Closes(const std::string& status, const std::string& outcome) const;
  [[nodiscard]] bool IsFinal(const std::string& status) const;

  const SqliteLedgerOptions options_;
  LedgerFile file_;
  std::uint64_t known_ = 0;  // the connection that sql_ was made for
  std::optional<ExecutionSql> sql_;
  // The last ones that CloseFinished looked at; empty: begin anew.
  std::string watched_;
  std::optional<std::string> watched_owner_;
};

}  // namespace deadletter
