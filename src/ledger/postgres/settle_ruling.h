// What became of each letter of a batch, as the database told it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/postgres/parameters.h"
#include "ledger/settlement.h"

namespace deadletter::postgres {

struct Ruling {
  bool is_fresh = false;  // not recorded before: only then the rest means something
  Outcome outcome = Outcome::kDeferred;
  std::string detail;  // UTF-8
  LetterState state = LetterState::kOpen;
  std::optional<Instant> row_updated;  // the row's `updated` before it was touched
  // As JSON, of the execution that this letter failed; nothing where the row has none.
  std::optional<std::string> action_id;
  std::optional<std::string> action_ref;
};

// From the answer of sql/settle_judge.sql; where executions are only observed, from that of the
// lock statements. One for each judgement, in order; nothing where the answer is not that.
[[nodiscard]] std::optional<std::vector<Ruling>> ReadRulings(const Rows& rows,
                                                             std::span<const Judgement> batch,
                                                             bool observes);

// A letter that is new, with what became of it. Both outlive it.
struct Settled {
  const Judgement* judgement;
  const Ruling* ruling;
};

[[nodiscard]] std::vector<Settled> FreshOnes(std::span<const Judgement> batch,
                                             std::span<const Ruling> rulings);

}  // namespace deadletter::postgres
