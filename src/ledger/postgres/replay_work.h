// The work of replays over PostgreSQL. A claim is three statements in one round trip: the first
// takes the locks, the second, whose snapshot is newer than they are, judges, moves and records,
// the third reads what the platform's triggers made of the rows (sql/replay_claim*.sql).
#pragma once

#include <optional>

#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"
#include "ledger/postgres/platform.h"
#include "ledger/replay_work.h"

namespace deadletter::postgres {

class PostgresReplayWork final : public ReplayWork {
 public:
  explicit PostgresReplayWork(const Options& options);

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
  void Abort() override { connection_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<void> Ready();
  [[nodiscard]] LedgerError Refused(LedgerError error);
  [[nodiscard]] std::string FillInAll(std::string_view text,
                                      const std::string& assignments = "") const;
  [[nodiscard]] std::string IsFailedBy() const;
  [[nodiscard]] std::string ReplayAssignments() const;
  [[nodiscard]] std::vector<Statement> ClaimStatements(ReplayId replay, Uuid driver,
                                                       std::span<const ReplayClaim> claims,
                                                       Instant now) const;
  [[nodiscard]] std::vector<Statement> MarkStatements(ReplayId replay,
                                                      std::span<const ReplayResult> results,
                                                      Instant now) const;

  Options options_;
  std::string schema_;
  Connection connection_;
  Platform platform_;
  PlatformSql sql_;
};

}  // namespace deadletter::postgres
