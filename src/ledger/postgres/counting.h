// Counting over PostgreSQL: settle names what it records (sql/settle.sql), and who counts holds the
// row of `counting`, so that one does at a time.
#pragma once

#include <optional>
#include <string>

#include "ledger/counting.h"
#include "ledger/letter_tally.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"

namespace deadletter::postgres {

// What sql/counting_state.sql reads.
struct NamedState {
  CountState state;
  std::optional<LetterId> walk;  // while everything is counted anew: up to where
  bool has_names = false;
};
[[nodiscard]] Statement CountStateStatement(const std::string& quoted_schema);
[[nodiscard]] NamedState ReadCountState(const Rows& rows);

class PostgresCounting final : public Counting {
 public:
  explicit PostgresCounting(const Options& options);

  [[nodiscard]] std::size_t AtOnce() const override { return 1'000; }
  [[nodiscard]] LedgerResult<CountProgress> Count(std::size_t max_letters, Instant now) override;
  [[nodiscard]] LedgerResult<std::size_t> Prune(Instant now, std::size_t limit) override;
  void Abort() override { connection_.Abort(); }

 private:
  // The rest of the transaction that Begin() began, by whose turn it is.
  [[nodiscard]] LedgerResult<CountProgress> CountNext(const NamedState& before,
                                                      std::size_t max_letters, Instant now);
  [[nodiscard]] LedgerResult<CountProgress> CountAgain(const NamedState& before);
  [[nodiscard]] LedgerResult<CountProgress> Nothing(const NamedState& before);

  // Takes names away, and adds their letters to the tally; how many letters there were.
  [[nodiscard]] LedgerResult<std::size_t> Take(const std::optional<LetterId>& walk,
                                               std::size_t max_letters, LetterTally& tally);
  // Adds the next ones; says whether there may be more.
  [[nodiscard]] LedgerResult<bool> Walk(LetterId& walk, std::size_t max_letters,
                                        LetterTally& tally);
  [[nodiscard]] LedgerResult<std::int64_t> Clear();
  [[nodiscard]] LedgerResult<void> FindFirstQueues(LetterTally& tally);
  void AddTo(std::vector<Statement>& changes, LetterTally& tally, Instant now) const;
  [[nodiscard]] Statement Make(std::string_view sql) const;

  std::string schema_;
  Connection connection_;
};

}  // namespace deadletter::postgres
