// The work of replays over the SQLite ledger.
#pragma once

#include <optional>

#include "ledger/replay_work.h"
#include "ledger/sqlite/execution_sql.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

class SqliteReplayWork final : public ReplayWork {
 public:
  explicit SqliteReplayWork(SqliteLedgerOptions options);

  [[nodiscard]] LedgerResult<std::vector<DrivenReplay>> Lease(
      Uuid driver, Instant now, std::chrono::milliseconds lease,
      std::span<const LetterId> owed) override;
  LedgerResult<void> Release(Uuid driver) override;
  [[nodiscard]] LedgerResult<std::vector<ReplayCandidate>> Next(
      ReplayId replay, Instant now, std::size_t pending, std::size_t max_bytes,
      std::span<const LetterId> without) override;
  [[nodiscard]] LedgerResult<std::vector<ClaimedLetter>> Claim(ReplayId replay, Uuid driver,
                                                               std::span<const ReplayClaim> claims,
                                                               Instant now) override;
  [[nodiscard]] LedgerResult<std::map<ReplayEnd, std::int64_t>> Mark(
      ReplayId replay, std::span<const ReplayResult> results, Instant now) override;
  [[nodiscard]] LedgerResult<FollowedLetters> Follow(ReplayId replay, std::optional<LetterId> after,
                                                     std::size_t limit, Instant now) override;
  [[nodiscard]] LedgerResult<ReplayCounts> Count(ReplayId replay) override;
  LedgerResult<void> Stop(ReplayId replay, const std::string& reason) override;
  void Abort() override { file_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<sqlite::Database*> Open();  // and learns the platform's table
  [[nodiscard]] LedgerResult<void> TakeLeases(sqlite::Database& database, const Uuid& driver,
                                              Instant now, std::chrono::milliseconds lease,
                                              std::span<const LetterId> owed);

  const SqliteLedgerOptions options_;
  LedgerFile file_;
  std::uint64_t known_ = 0;  // the connection that sql_ was made for
  std::optional<ExecutionSql> sql_;
};

}  // namespace deadletter
