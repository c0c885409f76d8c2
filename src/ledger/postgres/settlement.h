// Settle over PostgreSQL. Two statements between BEGIN and COMMIT, in one round trip: the first
// takes keys and locks, the second, whose snapshot is newer than the locks, judges, moves and
// records (sql/settle*.sql, sql/part_*.sql).
#pragma once

#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"
#include "ledger/postgres/platform.h"
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
  enum class Which { kNew, kAgain };

  [[nodiscard]] LedgerResult<std::vector<SettledLetter>> Run(std::span<const Judgement> batch,
                                                             LockedRows locked, Which which);
  // Opens and learns the platform's table, where it may be touched at all.
  [[nodiscard]] LedgerResult<void> Ready();
  [[nodiscard]] std::vector<Statement> Statements(std::span<const Judgement> batch,
                                                  LockedRows locked, Which which) const;
  [[nodiscard]] Statement LockStatement(std::span<const Judgement> batch, LockedRows locked,
                                        Which which) const;
  [[nodiscard]] std::string SettleSql(Which which) const;
  [[nodiscard]] std::string JudgeSql() const;
  [[nodiscard]] std::string ExecutionIds(std::span<const Judgement> batch) const;
  [[nodiscard]] bool Observes() const { return options_.mode == ExecutionsMode::kObserve; }

  void AddJudged(Parameters& parameters, std::span<const Judgement> batch) const;
  void AddTerms(Parameters& parameters) const;
  [[nodiscard]] LedgerError Refused(LedgerError error, LockedRows locked);
  // Forgets whose message an execution waits for, of the next ones that are final or gone:
  // otherwise every execution that was ever retried would be remembered.
  [[nodiscard]] LedgerResult<void> ReleaseFinished(std::size_t limit);

  Options options_;
  std::string schema_;
  Connection connection_;
  Platform platform_;
  PlatformSql sql_;  // empty where we observe
  std::optional<LetterId> closed_up_to_;
  std::optional<std::string> released_up_to_;
};

}  // namespace deadletter::postgres
