// A page of the letters that a text search finds.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/catalog.h"
#include "ledger/postgres/connection.h"

namespace deadletter::postgres {

// Goes from block to block, the newest first, until the page is full. A word that every letter has
// is found in the first block; of one that few have, the index knows for each block that it is not
// there.
class TextSearch {
 public:
  // `filter` has a text; it and the others must outlive it.
  TextSearch(Connection& connection, const std::string& quoted_schema, const LetterFilter& filter,
             std::optional<LetterId> after);

  [[nodiscard]] LedgerResult<LetterPage> Find(std::size_t limit);

 private:
  struct Place {
    std::string word;  // of the block
    Uuid after;        // its letters come after this one
  };
  [[nodiscard]] LedgerResult<void> FindSome(std::size_t limit, LetterPage& page);
  [[nodiscard]] LedgerResult<std::vector<Place>> Places();
  [[nodiscard]] LedgerResult<void> FindIn(std::span<const Place> places, std::size_t limit,
                                          std::chrono::milliseconds most, LetterPage& page);
  [[nodiscard]] bool EndAfter(const std::vector<Place>& places, std::size_t done,
                              LetterPage& page) const;

  Connection& connection_;
  const std::string& schema_;
  const TextQuestion& question_;
  LetterFilter others_;  // the filter without its text
  bool has_others_;
  std::optional<LetterId> after_;
};

}  // namespace deadletter::postgres
