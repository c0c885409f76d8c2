// TextIndex over the SQLite ledger (FTS5).
#pragma once

#include <cstdint>
#include <string>

#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"
#include "ledger/text_index.h"

namespace deadletter {

struct SqliteTextState {
  std::string view;
  std::int64_t indexed_to = 0;   // the number of the last letter that is indexed
  std::int64_t last_number = 0;  // of all letters

  // Too many where letters between them are gone.
  [[nodiscard]] std::int64_t Unindexed(const std::string& wanted_view) const;
};
[[nodiscard]] sqlite::DatabaseResult<SqliteTextState> ReadTextState(sqlite::Database& database);

class SqliteTextIndex final : public TextIndex {
 public:
  explicit SqliteTextIndex(const SqliteLedgerOptions& options);

  [[nodiscard]] LedgerResult<void> Begin(const std::string& view) override;
  [[nodiscard]] LedgerResult<IndexWork> Next(std::size_t max_letters, std::size_t max_bytes,
                                             Instant now) override;
  [[nodiscard]] LedgerResult<bool> Add(std::span<const IndexedLetter> letters) override;
  void Abort() override { file_.Abort(); }

 private:
  LedgerFile file_;
  std::string view_;
};

}  // namespace deadletter
