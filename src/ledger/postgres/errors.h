// PostgreSQL's errors in the handler's words.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "ledger/ledger_error.h"

namespace deadletter::postgres {

// What an error of this SQLSTATE means for the settle it came from; never kInDoubt, which no
// SQLSTATE tells.
[[nodiscard]] LedgerFault FaultOf(std::string_view sqlstate);

// Line breaks and control characters become spaces, and what is very long is cut.
[[nodiscard]] std::string OneLine(std::string_view message);

// The server's primary message and detail, under its SQLSTATE.
[[nodiscard]] LedgerError ErrorOf(const PGresult* result);

}  // namespace deadletter::postgres
