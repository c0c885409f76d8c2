// The columns of a batch as arrays, in the order of the parameters of sql/settle.sql and
// sql/settle_again.sql.
#pragma once

#include <span>

#include "ledger/postgres/parameters.h"
#include "ledger/settlement.h"

namespace deadletter::postgres {

[[nodiscard]] BinaryArray LetterIds(std::span<const Judgement> batch);
[[nodiscard]] BinaryArray LetterKeys(std::span<const Judgement> batch);

void AddAttempts(Parameters& parameters, std::span<const Judgement> batch);  // $4 to $10
void AddStatesAfter(Parameters& parameters);                                 // $11 to $13
void AddMaterial(Parameters& parameters, std::span<const Judgement> batch);  // $18 to $24
void AddRetries(Parameters& parameters, std::span<const Judgement> batch);   // $25 to $29
void AddRecords(Parameters& parameters, std::span<const Judgement> batch);   // $30 to $52
void AddSecondLook(Parameters& parameters,
                   std::span<const Judgement> batch);  // $30 and $31, of settle_again

}  // namespace deadletter::postgres
