// Which letters a filter holds for, in SQL.
#pragma once

#include <string>

#include "ledger/catalog.h"
#include "ledger/postgres/parameters.h"

namespace deadletter::postgres {

// Conditions over the letter table's columns, with the parameters $2 to $15. The tag's and the
// text's stand in it only where they are asked for, so that the planner knows: it takes an OR for a
// table to be read whole.
[[nodiscard]] std::string FilterSql(const std::string& schema, const LetterFilter& filter);
[[nodiscard]] std::string FilterSql(const std::string& schema, const LetterSelection& selection);

void AddFilter(Parameters& parameters, const LetterFilter& filter);  // those parameters

// $1, the ids or null, and those of the filter, which ids leave empty.
void AddSelection(Parameters& parameters, const LetterSelection& selection);

}  // namespace deadletter::postgres
