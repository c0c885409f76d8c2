#include "ledger/ledger_error.h"

namespace deadletter {

std::string_view LedgerFaultName(LedgerFault fault) {
  switch (fault) {
    case LedgerFault::kUnavailable:
      return "unavailable";
    case LedgerFault::kInDoubt:
      return "in_doubt";
    case LedgerFault::kBusy:
      return "busy";
    case LedgerFault::kRowLocked:
      return "row_locked";
    case LedgerFault::kTooLong:
      return "too_long";
    case LedgerFault::kLetter:
      return "letter";
    case LedgerFault::kStatement:
      return "statement";
  }
  return "";
}

}  // namespace deadletter
