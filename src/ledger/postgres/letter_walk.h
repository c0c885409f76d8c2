// LetterWalk over PostgreSQL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/letter_walk.h"
#include "ledger/postgres/connection.h"

namespace deadletter::postgres {

class PostgresLetterWalk final : public LetterWalk {
 public:
  // All of them outlive it.
  PostgresLetterWalk(Connection& connection, const std::string& quoted_schema,
                     const LetterFilter& filter, std::optional<LetterId> after);

 private:
  [[nodiscard]] LedgerResult<std::optional<LetterId>> Place(
      LetterIndex index, std::optional<LetterId> before, std::size_t letters,
      std::chrono::milliseconds most) override;
  [[nodiscard]] LedgerResult<void> Find(LetterIndex index, const Stretch& stretch,
                                        std::size_t limit, std::chrono::milliseconds most,
                                        std::vector<LetterSummary>& found) override;

  Connection& connection_;
  const std::string& schema_;
};

}  // namespace deadletter::postgres
