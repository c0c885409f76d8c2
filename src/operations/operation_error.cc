#include "operations/operation_error.h"

namespace deadletter {
namespace {

OperationFault FaultOf(LedgerFault fault) {
  switch (fault) {
    case LedgerFault::kUnavailable:
    case LedgerFault::kInDoubt:
    case LedgerFault::kBusy:
    case LedgerFault::kRowLocked:
    case LedgerFault::kTooLong:
      return OperationFault::kUnavailable;
    case LedgerFault::kLetter:
    case LedgerFault::kStatement:
      return OperationFault::kFailed;
  }
  return OperationFault::kFailed;
}

std::string Why(const LedgerError& error) {
  return error.message + (error.code.empty() ? "" : " (" + error.code + ")");
}

}  // namespace

OperationError FromLedger(const LedgerError& error) {
  return {.fault = FaultOf(error.fault), .message = "the ledger could not be read: " + Why(error)};
}

OperationError FromChange(const LedgerError& error) {
  const std::string what = error.fault == LedgerFault::kInDoubt
                               ? "whether it was recorded is not known, look before you try again: "
                               : "nothing was changed, the ledger could not be written: ";
  return {.fault = FaultOf(error.fault), .message = what + Why(error)};
}

Unexpected<OperationError> Stopping() {
  return FailOperation(OperationFault::kUnavailable, "the server is stopping");
}

}  // namespace deadletter
