// TextIndex over PostgreSQL.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/catalog.h"
#include "ledger/postgres/connection.h"
#include "ledger/postgres/options.h"
#include "ledger/text_index.h"

namespace deadletter::postgres {

// The words of a search, each as the text of a tsquery; and all of them as one.
[[nodiscard]] std::vector<std::string> SearchWords(const TextQuestion& question);
[[nodiscard]] std::string SearchText(const TextQuestion& question);
// The word that the letters of a block have in common.
[[nodiscard]] std::string BlockWord(std::int64_t epoch, std::int64_t block);

// What sql/text_state.sql reads.
struct TextState {
  std::string view;
  std::int64_t epoch = 0;
  std::optional<Uuid> swept_to;
  std::int64_t indexed = 0;
  std::int64_t letters = 0;  // that there are

  [[nodiscard]] std::int64_t Unindexed(const std::string& wanted_view) const;
};
[[nodiscard]] LedgerResult<TextState> ReadTextState(Connection& connection,
                                                    const std::string& quoted_schema);

// Goes through the letters in the order of receipt. That is not the order in which they are
// committed, so what is young is gone through again until nothing can come in between any more.
class PostgresTextIndex final : public TextIndex {
 public:
  explicit PostgresTextIndex(const Options& options);

  [[nodiscard]] LedgerResult<void> Begin(const std::string& view) override;
  [[nodiscard]] LedgerResult<IndexWork> Next(std::size_t max_letters, std::size_t max_bytes,
                                             Instant now) override;
  [[nodiscard]] LedgerResult<bool> Add(std::span<const IndexedLetter> letters) override;
  void Abort() override { connection_.Abort(); }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Looked {
    std::vector<Uuid> missing;
    bool more = false;
  };

  void BeginAgainWhereDue(const TextState& state, Instant now);
  [[nodiscard]] LedgerResult<Looked> Look(std::size_t max_letters, std::size_t max_bytes);
  [[nodiscard]] LedgerResult<void> NoteSwept(Instant now);
  [[nodiscard]] LedgerResult<std::vector<UnindexedLetter>> Read(const std::vector<Uuid>& ids);
  [[nodiscard]] Statement Make(std::string_view sql) const;

  std::string schema_;
  Connection connection_;
  std::string view_;
  std::optional<std::int64_t> epoch_;  // that position_ belongs to
  std::optional<Uuid> position_;       // looked through up to here
  bool is_at_end_ = false;             // the last look came to the end of what there is
  bool is_missing_some_ = false;       // it did not, and found some that are missing
  int short_ends_ = 0;                 // one after the other, with less found than is missing
  SteadyTime began_again_;             // what is young
  SteadyTime walked_all_;              // everything
  SteadyTime noted_;
};

}  // namespace deadletter::postgres
