// The outbox over PostgreSQL: leases by time, taken with SKIP LOCKED, so that any number of relays
// may run.
#pragma once

#include "ledger/outbox.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"

namespace deadletter::postgres {

class PostgresOutbox final : public Outbox {
 public:
  explicit PostgresOutbox(const Options& options);

  [[nodiscard]] LedgerResult<std::vector<OutboxEntry>> Claim(
      Instant now, std::size_t limit, std::size_t max_bytes,
      std::chrono::milliseconds lease) override;
  // Lost while it was written, it is kInDoubt: what was not marked is claimed again.
  [[nodiscard]] LedgerResult<void> Mark(std::span<const OutboxResult> results) override;
  LedgerResult<void> BringForward(Instant now, std::chrono::microseconds longest_wait) override;
  [[nodiscard]] LedgerResult<OutboxBacklog> Backlog(Instant now) override;
  void Abort() override { connection_.Abort(); }

 private:
  std::string schema_;
  Connection connection_;
};

}  // namespace deadletter::postgres
