// Outbox over the SQLite ledger.
#pragma once

#include <vector>

#include "ledger/outbox.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

// A lease is the time until which an entry is not due: it ends by itself when its holder dies.
class SqliteOutbox final : public Outbox {
 public:
  explicit SqliteOutbox(const SqliteLedgerOptions& options);

  [[nodiscard]] LedgerResult<std::vector<OutboxEntry>> Claim(
      Instant now, std::size_t limit, std::size_t max_bytes,
      std::chrono::milliseconds lease) override;
  [[nodiscard]] LedgerResult<void> Mark(std::span<const OutboxResult> results) override;
  LedgerResult<void> BringForward(Instant now, std::chrono::microseconds longest_wait) override;
  [[nodiscard]] LedgerResult<OutboxBacklog> Backlog(Instant now) override;
  void Abort() override { file_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<std::vector<OutboxEntry>> ReadDue(sqlite::Database& database,
                                                               Instant now, std::size_t limit,
                                                               std::size_t max_bytes);

  LedgerFile file_;
};

}  // namespace deadletter
