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

}  // namespace

OperationError FromLedger(const LedgerError& error) {
  const std::string code = error.code.empty() ? "" : " (" + error.code + ")";
  return {.fault = FaultOf(error.fault),
          .message = "the ledger could not be read: " + error.message + code};
}

}  // namespace deadletter
