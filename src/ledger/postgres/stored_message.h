// Messages as the ledger's rows hold them.
#pragma once

#include <string>

#include "ledger/postgres/parameters.h"
#include "letter/message.h"

namespace deadletter::postgres {

// Reads the properties, in that column of the row, and the headers, in the next one, into
// `message`. Empty, or why a damaged row cannot be read, in one line; `message` is then incomplete.
[[nodiscard]] std::string ReadStored(const Rows& rows, int row, int column, Message& message);

}  // namespace deadletter::postgres
