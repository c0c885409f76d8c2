// LetterWalk over SQLite, where no statement ends for the time it takes: Abort() alone ends it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/letter_walk.h"
#include "ledger/sqlite/ledger_file.h"

namespace deadletter {

// Behind so many (?16) of the letters before ?1 that the index gives: the id of the next one.
[[nodiscard]] std::string SelectPlace(LetterIndex index);

class SqliteLetterWalk final : public LetterWalk {
 public:
  // Both outlive it.
  SqliteLetterWalk(LedgerFile& file, const LetterFilter& filter, std::optional<LetterId> after);

 private:
  [[nodiscard]] LedgerResult<std::optional<LetterId>> Place(
      LetterIndex index, std::optional<LetterId> before, std::size_t letters,
      std::chrono::milliseconds most) override;
  [[nodiscard]] LedgerResult<void> Find(LetterIndex index, const Stretch& stretch,
                                        std::size_t limit, std::chrono::milliseconds most,
                                        std::vector<LetterSummary>& found) override;

  LedgerFile& file_;
};

}  // namespace deadletter
