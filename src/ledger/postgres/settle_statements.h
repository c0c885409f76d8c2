// What a settle says to PostgreSQL: which keys and rows it takes, how it judges, what it records.
// Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"
#include "ledger/postgres/platform.h"
#include "ledger/postgres/settle_ruling.h"
#include "ledger/settlement.h"

namespace deadletter::postgres {

// Letters that have just come, or letters that are in the ledger and settled once more.
enum class Which { kNew, kAgain };

class SettleStatements {
 public:
  // Both must outlive it.
  SettleStatements(const Options& options, const Platform& platform);

  // `sql` is what the platform's table is like; empty where executions are only observed.
  void Fit(const PlatformSql& sql);

  // So few letters that planning their statements would take longer than settling them: the plans
  // are kept for Options::plans_kept (sql/settle_begin.sql). Of more letters each batch has its own
  // plans, for as many rows as there are: a plan for few may compare each with each.
  static constexpr std::size_t kMostPlannedOnce = 100;
  [[nodiscard]] static bool IsPlannedOnce(std::span<const Judgement> batch) {
    return batch.size() <= kMostPlannedOnce;
  }

  // Up to the judgement, in order; the answer of the last is for ReadRulings().
  [[nodiscard]] std::vector<Statement> Judge(std::span<const Judgement> batch, LockedRows locked,
                                             Which which) const;
  // What new letters are recorded as, but for what became of them; needs no judgement.
  [[nodiscard]] static Parameters Records(std::span<const Judgement> batch);
  // What is recorded of it. `records`: Records() of these letters; made here where there are none.
  // `rehearsed`: all that a settle may ever say, with nothing in it too.
  [[nodiscard]] std::vector<Statement> Record(std::span<const Settled> letters, Which which,
                                              Instant settled_at, bool rehearsed,
                                              std::optional<Parameters> records = {}) const;
  // What became, in order, of those letters of the batch that were recorded before.
  [[nodiscard]] Statement Known(std::span<const Judgement> batch,
                                std::span<const Ruling> rulings) const;

 private:
  void FitLocks(std::string_view id_param, std::string_view waiting, std::string_view passing_over);
  [[nodiscard]] Statement Lock(std::span<const Judgement> batch, LockedRows locked,
                               Which which) const;
  [[nodiscard]] std::string ExecutionIds(std::span<const Judgement> batch) const;
  [[nodiscard]] bool Observes() const { return options_.mode == ExecutionsMode::kObserve; }

  const Options& options_;
  const Platform& platform_;
  // The texts, filled in once.
  struct Texts {
    std::string begin;
    std::string lock;
    std::string lock_passing_over;  // rows that somebody holds
    std::string lock_again;
    std::string lock_again_passing_over;
    std::string judge;
    std::string record;
    std::string record_again;
    std::string outbox;
    std::string own;
    std::string count;
    std::string known;
  } texts_;
};

}  // namespace deadletter::postgres
