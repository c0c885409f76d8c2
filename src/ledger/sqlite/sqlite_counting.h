// Counting over the SQLite ledger: letters are numbered in the order in which they are committed,
// so that settle has nothing to name.
#pragma once

#include <map>

#include "ledger/counting.h"
#include "ledger/letter_tally.h"
#include "ledger/sqlite/ledger_file.h"
#include "ledger/sqlite/options.h"

namespace deadletter {

// What sql/counting_state.sql reads.
struct NumberedState {
  CountState state;
  std::int64_t counted_to = 0;   // the number of the last letter that is counted
  std::int64_t last_number = 0;  // of the letters that there are
  bool is_clearing = false;
};
// Errors stay in the database's open transaction, where there is one, and in `error`.
[[nodiscard]] sqlite::DatabaseResult<NumberedState> ReadCountState(sqlite::Database& database);

class SqliteCounting final : public Counting {
 public:
  explicit SqliteCounting(const SqliteLedgerOptions& options);

  // The file is locked meanwhile.
  [[nodiscard]] std::size_t AtOnce() const override { return 200; }
  [[nodiscard]] LedgerResult<CountProgress> Count(std::size_t max_letters, Instant now) override;
  [[nodiscard]] LedgerResult<std::size_t> Prune(Instant now, std::size_t limit) override;
  void Abort() override { file_.Abort(); }

 private:
  LedgerFile file_;
};

}  // namespace deadletter
