// How an operation can fail, in words for the caller of the API.
#pragma once

#include <string>

#include "base/result.h"
#include "ledger/ledger_error.h"

namespace deadletter {

enum class OperationFault {
  kBadRequest,    // the caller's mistake; the message says what is allowed
  kForbidden,     // the caller may not; the message says who may
  kNotFound,      // no such letter, replay, group or queue
  kConflict,      // not as things stand
  kUnacceptable,  // well-formed, but not to be had: too long, too many,
                  // nothing there; the message says so
  kUnavailable,   // the ledger or the broker cannot be asked now; worth trying again
  kFailed,        // the ledger refused, or it is our own mistake
};

struct OperationError {
  OperationFault fault = OperationFault::kFailed;
  std::string message;  // one line
};

template <class T>
using OperationResult = Result<T, OperationError>;

[[nodiscard]] inline Unexpected<OperationError> FailOperation(OperationFault fault,
                                                              std::string message) {
  return Unexpected<OperationError>(OperationError{fault, std::move(message)});
}

// What a reader of the ledger is told when it fails us.
[[nodiscard]] OperationError FromLedger(const LedgerError& error);

// The same for who changes something: whether it happened is part of the message.
[[nodiscard]] OperationError FromChange(const LedgerError& error);

// Whoever comes while the server stops.
[[nodiscard]] Unexpected<OperationError> Stopping();

}  // namespace deadletter
