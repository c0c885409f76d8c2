// The port ScratchLedger in PostgreSQL: a schema.
#pragma once

#include <string>

#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"
#include "ledger/scratch_ledger.h"

namespace deadletter::postgres {

// The schema is that of `options`, and so its name must be like kScratchPrefix says. Its one
// session holds an advisory lock on the name from before the schema is there: a schema whose lock
// is free has nobody any more.
class PostgresScratch final : public ScratchLedger {
 public:
  explicit PostgresScratch(const Options& options);

  [[nodiscard]] LedgerResult<void> Make() override;
  [[nodiscard]] LedgerResult<void> Tidy() override;
  [[nodiscard]] LedgerResult<void> InsertRow() override;
  [[nodiscard]] LedgerResult<std::int64_t> CountExecutions(const std::string& status) override;
  [[nodiscard]] LedgerResult<void> Remove() override;
  [[nodiscard]] LedgerResult<std::vector<std::string>> RemoveAbandoned() override;

 private:
  [[nodiscard]] LedgerResult<bool> Lock(const std::string& name);
  void Unlock(const std::string& name);
  [[nodiscard]] LedgerResult<void> Drop(const std::string& name);
  [[nodiscard]] LedgerError WithTheGrant(LedgerError error);

  const std::string schema_name_;
  const std::string schema_;
  Connection connection_;
};

}  // namespace deadletter::postgres
