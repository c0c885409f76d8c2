// Executions over the platform's table in the SQLite ledger's file.
#pragma once

#include <optional>
#include <vector>

#include "ledger/executions.h"
#include "ledger/sqlite/execution_sql.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

class SqliteExecutions final : public KeyedExecutions {
 public:
  explicit SqliteExecutions(SqliteLedgerOptions options);

  [[nodiscard]] LedgerResult<std::vector<ExecutionId>> Submit(
      std::span<const NewExecution> executions, Instant now,
      const std::optional<AuditEntry>& audit) override;
  [[nodiscard]] LedgerResult<std::optional<KeyedSubmission>> FindKeyed(const std::string& who,
                                                                       const std::string& key,
                                                                       Instant now) override;
  [[nodiscard]] LedgerResult<KeyedSubmission> SubmitKeyed(std::span<const NewExecution> executions,
                                                          Instant now,
                                                          const std::optional<AuditEntry>& audit,
                                                          const SubmissionKey& key) override;
  [[nodiscard]] LedgerResult<std::optional<ExecutionRow>> Find(const ExecutionId& id) override;
  [[nodiscard]] LedgerResult<std::optional<ExecutionStanding>> FindStanding(
      const ExecutionId& id, const MessageAttempt& attempt) override;
  [[nodiscard]] LedgerResult<bool> FinishIfFailable(const ExecutionId& id,
                                                    const MessageAttempt& attempt,
                                                    const std::string& status,
                                                    const std::string& result_json) override;
  void Abort() override { file_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<sqlite::Database*> Open();
  // Written, not committed.
  [[nodiscard]] LedgerResult<std::vector<ExecutionId>> SubmitAll(
      sqlite::Database& database, std::span<const NewExecution> executions, Instant now,
      const std::optional<AuditEntry>& audit);
  [[nodiscard]] LedgerResult<std::optional<KeyedSubmission>> ReadKeyed(sqlite::Database& database,
                                                                       const std::string& who,
                                                                       const std::string& key,
                                                                       Instant now);
  [[nodiscard]] LedgerResult<ExecutionId> SubmitOne(sqlite::Database& database,
                                                    const NewExecution& execution, Instant now);
  [[nodiscard]] LedgerResult<std::optional<ExecutionRow>> Read(sqlite::Database& database,
                                                               const ExecutionId& id);

  const SqliteLedgerOptions options_;
  LedgerFile file_;
  std::uint64_t known_ = 0;  // the connection that sql_ was made for
  std::optional<ExecutionSql> sql_;
};

}  // namespace deadletter
