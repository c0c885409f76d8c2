// Settle over PostgreSQL: one transaction in two round trips. The first takes keys and locks
// (sql/settle_lock.sql), and, with a snapshot that is newer than the locks, judges and moves
// (sql/settle_judge.sql); the second records what came of it (sql/settle_record.sql and those
// beside it) and commits. That a batch goes there and back costs a fraction of what it saves:
// the server does not have to carry every letter's bytes through the judgement.
#pragma once

#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/settle_statements.h"
#include "ledger/settlement.h"

namespace deadletter::postgres {

class PostgresSettlement final : public Settlement {
 public:
  explicit PostgresSettlement(const Options& options);

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
  void Abort() override { connection_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<std::vector<SettledLetter>> Run(std::span<const Judgement> batch,
                                                             LockedRows locked, Which which);
  // A settle with these at its end, rolled back.
  [[nodiscard]] LedgerResult<void> RunRehearsal(std::span<const Judgement> batch,
                                                std::vector<Statement> more);
  // Opens and learns the platform's table, where it may be touched at all.
  [[nodiscard]] LedgerResult<void> Ready();
  // As statements_ has them, kept where the batch is of few letters.
  [[nodiscard]] std::vector<Statement> JudgeStatements(std::span<const Judgement> batch,
                                                       LockedRows locked, Which which);
  [[nodiscard]] bool Observes() const { return options_.mode == ExecutionsMode::kObserve; }

  [[nodiscard]] LedgerError Refused(LedgerError error, LockedRows locked);
  [[nodiscard]] LedgerError Misunderstood(int answers, std::size_t letters);
  // Forgets whose message an execution waits for, of the next ones that are final or gone:
  // otherwise every execution that was ever retried would be remembered.
  [[nodiscard]] LedgerResult<void> ReleaseFinished(std::size_t limit);

  Options options_;
  std::string schema_;
  Connection connection_;
  Platform platform_;
  PlatformSql sql_;  // empty where we observe
  SettleStatements statements_;
  std::chrono::steady_clock::time_point planned_at_;  // what is kept of it
  std::optional<LetterId> closed_up_to_;
  std::optional<std::string> released_up_to_;
};

}  // namespace deadletter::postgres
