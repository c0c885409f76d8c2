// How a ledger can fail us, in the handler's words.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace deadletter {

enum class LedgerFault {
  kUnavailable,  // no connection; nothing happened
  kInDoubt,      // the connection died during the commit: perhaps it happened, perhaps not
  kBusy,  // deadlock, serialization failure, or another instance settles the same letter: try again
          // now
  kRowLocked,  // somebody held an execution's row for longer than the lock timeout; nothing
               // happened
  kTooLong,    // the ledger ended a statement that had taken as long as one may; fewer letters may
               // go through; nothing happened
  kLetter,     // a letter's own fault (SQLSTATE class 22, 23, 54, or P0001); nothing happened
  kStatement,  // any other refusal: permission, read-only, disk full, cancelled, a schema that does
               // not fit
};

[[nodiscard]] std::string_view LedgerFaultName(
    LedgerFault fault);  // "unavailable", …: metric label and log word

struct LedgerError {
  LedgerFault fault = LedgerFault::kUnavailable;
  std::string code;     // SQLSTATE, or SQLite's result name
  std::string message;  // one line; never a password
};

template <class T>
using LedgerResult = Result<T, LedgerError>;

}  // namespace deadletter
