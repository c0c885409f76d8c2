// The platform's executions in PostgreSQL.
#pragma once

#include "ledger/executions.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"
#include "ledger/postgres/platform.h"

namespace deadletter::postgres {

class PostgresExecutions final : public Executions {
 public:
  explicit PostgresExecutions(const Options& options);

  [[nodiscard]] LedgerResult<std::vector<ExecutionId>> Submit(
      std::span<const NewExecution> executions, Instant now,
      const std::optional<AuditEntry>& audit) override;
  [[nodiscard]] LedgerResult<std::optional<ExecutionRow>> Find(const ExecutionId& id) override;
  [[nodiscard]] LedgerResult<bool> FinishIfFailable(const ExecutionId& id,
                                                    const MessageAttempt& attempt,
                                                    const std::string& status,
                                                    const std::string& result_json) override;
  void Abort() override { connection_.Abort(); }

 private:
  [[nodiscard]] Statement InsertStatement(std::span<const NewExecution> executions) const;
  [[nodiscard]] std::string OneId(const ExecutionId& id) const;
  // `expression` where the column is configured, else a null of that type.
  [[nodiscard]] static std::string OrNull(const std::string& column, const std::string& type);
  // Opens and learns the platform's table.
  [[nodiscard]] LedgerResult<void> Ready();
  [[nodiscard]] LedgerError Refused(LedgerError error);

  ExecutionTable table_;
  std::string schema_;
  Connection connection_;
  Platform platform_;
  PlatformSql sql_;
};

}  // namespace deadletter::postgres
