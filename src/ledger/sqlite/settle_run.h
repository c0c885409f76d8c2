// One settle inside its transaction, step by step.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ledger/settlement.h"
#include "ledger/sqlite/execution_sql.h"
#include "ledger/sqlite/letter_row.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

// Errors are kept by the transaction that is open on the database: whatever is returned here holds
// only if its Commit() succeeds. `sql` may be null where the platform's table is not to be touched
// (observe). Used once.
class SettleRun {
 public:
  SettleRun(sqlite::Database& database, const ExecutionSql* sql, const SqliteLedgerOptions& options,
            Instant now);

  [[nodiscard]] std::vector<SettledLetter> FirstTime(std::span<const Judgement> batch);
  [[nodiscard]] std::vector<SettledLetter> Again(std::span<const Judgement> batch);
  // Why the transaction must not be committed although no statement of it failed.
  [[nodiscard]] const std::optional<LedgerError>& refusal() const { return refusal_; }

 private:
  using Places = std::vector<std::size_t>;  // in the batch

  // Those that are not in the ledger, in the batch's order; their keys are from now on.
  [[nodiscard]] Places NotYetKnown(std::span<const Judgement> batch);
  // Those that nobody has settled meanwhile.
  [[nodiscard]] Places StillWaiting(std::span<const Judgement> batch);
  // The outcome of each of `places`, made true.
  void Rule(std::span<const Judgement> batch, const Places& places);
  [[nodiscard]] Ruling RuleOver(const Judgement& judgement);
  [[nodiscard]] Ruling WhatMoved(const StoredId& id);
  [[nodiscard]] Ruling WhyNotMoved(const Letter& letter);
  // From now on the execution waits for the retry's own message, if the letter may say so.
  [[nodiscard]] Ruling RuleOverRetry(const Judgement& judgement);
  struct Standing;
  [[nodiscard]] Standing StandingFor(const Letter& letter);
  void Record(std::span<const Judgement> batch, const Places& places);
  void RecordAgain(const Judgement& judgement, const Ruling& ruling);
  void WriteOutbox(const Judgement& judgement, const Ruling& ruling);
  [[nodiscard]] std::optional<Outcome> RecordedOutcome(const Letter& letter);
  void CountLetters();

  sqlite::Database& database_;
  const ExecutionSql* sql_;
  const SqliteLedgerOptions& options_;
  const Instant now_;
  std::optional<sqlite::Statement> fail_;   // } none while observing
  std::optional<sqlite::Statement> moved_;  // }
  sqlite::Statement insert_outbox_;
  std::optional<LedgerError> refusal_;
  std::vector<Ruling> rulings_;                 // by place
  std::map<LetterState, std::int64_t> counts_;  // changes
};

}  // namespace deadletter
