// Audit and Remarks over the SQLite ledger.
#pragma once

#include "ledger/audit.h"
#include "ledger/remarks.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

// Writes the entry in whatever transaction is open on `database`; errors stay in that transaction.
void RecordInAudit(sqlite::Database& database, const AuditEntry& entry);

class SqliteAudit final : public Audit {
 public:
  explicit SqliteAudit(const SqliteLedgerOptions& options);

  [[nodiscard]] LedgerResult<void> Record(const AuditEntry& entry) override;
  [[nodiscard]] LedgerResult<AuditPage> List(const AuditFilter& filter, std::size_t limit,
                                             std::optional<Uuid> after) override;
  void Abort() override { file_.Abort(); }

 private:
  LedgerFile file_;
};

class SqliteRemarks final : public Remarks {
 public:
  explicit SqliteRemarks(const SqliteLedgerOptions& options);

  [[nodiscard]] LedgerResult<RemarkOutcome> AddNote(LetterId letter, const Note& note,
                                                    const AuditEntry& entry) override;
  [[nodiscard]] LedgerResult<TagResult> ChangeTags(LetterId letter, const TagChange& change,
                                                   const AuditEntry& entry) override;
  void Abort() override { file_.Abort(); }

 private:
  LedgerFile file_;
};

}  // namespace deadletter
