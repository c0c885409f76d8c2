// The columns of a batch as arrays, in the order of the parameters of sql/settle_*.sql.
#pragma once

#include <span>

#include "ledger/postgres/parameters.h"
#include "ledger/postgres/settle_ruling.h"
#include "ledger/settlement.h"

namespace deadletter::postgres {

[[nodiscard]] BinaryArray LetterIds(std::span<const Judgement> batch);
void AddKey(BinaryArray& keys, const Letter& letter);  // null where it has none
[[nodiscard]] BinaryArray LetterKeys(std::span<const Judgement> batch);

// settle_judge.sql: what a letter says of its attempt ($2 to $6), and what its execution is told if
// it fails it ($7 and $8).
void AddAttempts(Parameters& parameters, std::span<const Judgement> batch);
void AddFailures(Parameters& parameters, std::span<const Judgement> batch);

// settle_record.sql and settle_again_record.sql: what became of letters ($2 to $8); and, of the
// former, what came ($9 to $29).
void AddOutcomes(Parameters& parameters, std::span<const Settled> letters);
[[nodiscard]] Parameters RecordsOf(std::span<const Letter* const> letters);

// settle_outbox.sql: $1 to $10. False: there is nothing to send.
[[nodiscard]] bool AddOutbox(Parameters& parameters, std::span<const Settled> letters,
                             Instant settled_at);
// settle_own.sql: $1 to $3. False: nothing is sent again.
[[nodiscard]] bool AddOwners(Parameters& parameters, std::span<const Settled> letters);
// settle_count.sql: $1 to $3.
void AddCounts(Parameters& parameters, std::span<const Settled> letters);

}  // namespace deadletter::postgres
