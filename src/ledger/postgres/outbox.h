// The outbox over PostgreSQL: leases by time, taken with SKIP LOCKED, so that any number of relays
// may run.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "ledger/outbox.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"
#include "ledger/postgres/platform.h"
#include "letter/letter.h"

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
  struct Retry {
    std::int64_t id = 0;
    std::string execution_id;
    std::optional<ReplayId> replay_id;
  };

  // Takes away the retries that nobody waits for any more, here and in the ledger; withholds them
  // where that cannot be told.
  void Withdraw(std::span<const Retry> retries, std::vector<OutboxEntry>& entries);
  [[nodiscard]] LedgerResult<std::set<std::int64_t>> FindUnwanted(std::span<const Retry> retries);

  Options options_;
  std::string schema_;
  Connection connection_;
  Platform platform_;  // unknown until there is a retry to judge
};

}  // namespace deadletter::postgres
