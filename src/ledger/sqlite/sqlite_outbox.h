// Outbox over the SQLite ledger.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/outbox.h"
#include "ledger/sqlite/execution_sql.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

// A lease is the time until which an entry is not due: it ends by itself when its holder dies.
class SqliteOutbox final : public Outbox {
 public:
  explicit SqliteOutbox(SqliteLedgerOptions options);

  [[nodiscard]] LedgerResult<std::vector<OutboxEntry>> Claim(
      Instant now, std::size_t limit, std::size_t max_bytes,
      std::chrono::milliseconds lease) override;
  [[nodiscard]] LedgerResult<void> Mark(std::span<const OutboxResult> results) override;
  LedgerResult<void> BringForward(Instant now, std::chrono::microseconds longest_wait) override;
  [[nodiscard]] LedgerResult<OutboxBacklog> Backlog(Instant now) override;
  void Abort() override { file_.Abort(); }

 private:
  struct Due {
    OutboxEntry entry;
    std::string execution_id;
    std::string letter_id;
  };
  struct Wanted {
    Instant now;
    std::size_t limit = 0;
    std::size_t max_bytes = 0;
    std::chrono::milliseconds lease{0};
  };

  [[nodiscard]] LedgerResult<std::vector<Due>> ReadDue(sqlite::Database& database, Instant now,
                                                       std::size_t limit, std::size_t max_bytes);
  // One transaction. `blind`: why retries cannot be judged, and are withheld; empty, it is found
  // out, and set where that is what the call fails of.
  [[nodiscard]] LedgerResult<std::vector<OutboxEntry>> TakeDue(sqlite::Database& database,
                                                               const Wanted& wanted,
                                                               std::string& blind);
  // Takes away the retries that nobody waits for any more, here and in the ledger.
  [[nodiscard]] LedgerResult<void> Withdraw(sqlite::Database& database,
                                            const sqlite::Transaction& transaction,
                                            std::vector<Due>& due);
  // Learns the platform's table, unless we only observe.
  [[nodiscard]] LedgerResult<void> Learn(sqlite::Database& database);
  // Why nobody waits for that retry; nothing: somebody does.
  [[nodiscard]] std::optional<std::string> WhyUnwanted(sqlite::Database& database,
                                                       const Due& retry) const;
  [[nodiscard]] std::optional<std::string> WhatTheRowSays(sqlite::Database& database,
                                                          const Due& retry) const;

  const SqliteLedgerOptions options_;
  LedgerFile file_;
  std::uint64_t known_ = 0;  // the connection that sql_ was made for
  std::optional<ExecutionSql> sql_;
};

}  // namespace deadletter
