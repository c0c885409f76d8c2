// Catalog over the SQLite ledger. It only reads: a write-ahead log lets it look while others
// settle.
#pragma once

#include "ledger/catalog.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

// Letters with those conditions, in the order of a list, at most ?16 of them: the columns of a
// summary, and `more`.
[[nodiscard]] std::string SelectLetters(const std::string& conditions, std::string_view more = "");
[[nodiscard]] LetterSummary ReadLetterSummary(const sqlite::Statement& row);

class SqliteCatalog final : public Catalog {
 public:
  explicit SqliteCatalog(const SqliteLedgerOptions& options);

  [[nodiscard]] LedgerResult<LetterPage> List(const LetterFilter& filter, std::size_t limit,
                                              std::optional<LetterId> after) override;
  [[nodiscard]] LedgerResult<std::optional<LetterRecord>> Show(LetterId id) override;
  [[nodiscard]] LedgerResult<LedgerCounts> Counts() override;
  void Abort() override { file_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<std::vector<LetterStep>> ReadSteps(sqlite::Database& database,
                                                                LetterId id);
  [[nodiscard]] LedgerResult<void> ReadRemarks(sqlite::Database& database, LetterRecord& record);

  LedgerFile file_;
};

}  // namespace deadletter
