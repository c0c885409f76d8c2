// Discards over the SQLite ledger.
#pragma once

#include <vector>

#include "ledger/discards.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

class SqliteDiscards final : public Discards {
 public:
  explicit SqliteDiscards(const SqliteLedgerOptions& options);

  [[nodiscard]] LedgerResult<DiscardCounts> Preview(const LetterSelection& selection,
                                                    std::size_t max_letters) override;
  [[nodiscard]] LedgerResult<DiscardCounts> Discard(const LetterSelection& selection,
                                                    std::size_t max_letters,
                                                    const std::string& detail, Instant now,
                                                    const AuditEntry& entry) override;
  void Abort() override { file_.Abort(); }

 private:
  struct Chosen {
    DiscardCounts counts;
    std::vector<LetterId> letters;  // those that are to be discarded
  };
  [[nodiscard]] LedgerResult<Chosen> Choose(sqlite::Database& database,
                                            const LetterSelection& selection,
                                            std::size_t max_letters);

  LedgerFile file_;
};

}  // namespace deadletter
