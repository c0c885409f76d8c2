// Audit and Remarks over PostgreSQL.
#pragma once

#include <string>

#include "ledger/audit.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"
#include "ledger/remarks.h"

namespace deadletter::postgres {

// $1 to $9, in the order of sql/audit_record.sql: what every statement begins with that writes an
// entry beside the change it tells of.
[[nodiscard]] Parameters AuditParameters(const AuditEntry& entry);

// The entry alone, to be sent in one transaction with other statements.
[[nodiscard]] Statement AuditStatement(const std::string& quoted_schema, const AuditEntry& entry);

class PostgresAudit final : public Audit {
 public:
  explicit PostgresAudit(const Options& options);

  [[nodiscard]] LedgerResult<void> Record(const AuditEntry& entry) override;
  [[nodiscard]] LedgerResult<AuditPage> List(const AuditFilter& filter, std::size_t limit,
                                             std::optional<Uuid> after) override;
  void Abort() override { connection_.Abort(); }

 private:
  std::string schema_;
  Connection connection_;
};

class PostgresRemarks final : public Remarks {
 public:
  explicit PostgresRemarks(const Options& options);

  [[nodiscard]] LedgerResult<RemarkOutcome> AddNote(LetterId letter, const Note& note,
                                                    const AuditEntry& entry) override;
  [[nodiscard]] LedgerResult<TagResult> ChangeTags(LetterId letter, const TagChange& change,
                                                   const AuditEntry& entry) override;
  void Abort() override { connection_.Abort(); }

 private:
  std::string schema_;
  Connection connection_;
};

}  // namespace deadletter::postgres
