// Reading the ledger in PostgreSQL.
#pragma once

#include <string_view>

#include "ledger/catalog.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"

namespace deadletter::postgres {

// A column of the ledger's: 16 bytes.
[[nodiscard]] GroupId ReadGroup(std::string_view bytes);

// The columns of sql/letter_summary.sql.
[[nodiscard]] LetterSummary ReadSummary(const Rows& rows, int row);

class PostgresCatalog final : public Catalog {
 public:
  explicit PostgresCatalog(const Options& options);

  [[nodiscard]] LedgerResult<LetterPage> List(const LetterFilter& filter, std::size_t limit,
                                              std::optional<LetterId> after) override;
  [[nodiscard]] LedgerResult<std::optional<LetterRecord>> Show(LetterId id) override;
  [[nodiscard]] LedgerResult<LedgerCounts> Counts() override;
  void Abort() override { connection_.Abort(); }

 private:
  [[nodiscard]] LedgerResult<void> ReadRemarks(LetterId id, LetterRecord& record);

  std::string schema_name_;
  std::string schema_;
  Connection connection_;
};

}  // namespace deadletter::postgres
