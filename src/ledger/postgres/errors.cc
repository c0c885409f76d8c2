#include "ledger/postgres/errors.h"

#include "base/text.h"

namespace deadletter::postgres {
namespace {

constexpr std::size_t kMaxMessageBytes = 600;

std::string_view FieldOf(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

LedgerFault FaultOf(std::string_view sqlstate) {
  const std::string_view class_code = sqlstate.substr(0, 2);
  if (class_code == "22" || class_code == "23" || class_code == "54" || sqlstate == "P0001") {
    return LedgerFault::kLetter;
  }
  if (sqlstate == "55P03") return LedgerFault::kRowLocked;
  if (sqlstate == "40P01" || sqlstate == "40001") return LedgerFault::kBusy;
  // The server goes away, is not there yet, has no place for us, or ended our session.
  if (class_code == "08" || sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03" ||
      sqlstate == "57P04" || sqlstate == "57P05" || sqlstate == "53300" || sqlstate == "25P03") {
    return LedgerFault::kUnavailable;
  }
  return LedgerFault::kStatement;
}

std::string OneLine(std::string_view message) {
  std::string line;
  for (const char byte : message) {
    const bool is_blank = static_cast<unsigned char>(byte) <= ' ';
    if (!is_blank) {
      line += byte;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return DisplayText(line, kMaxMessageBytes);
}

LedgerError ErrorOf(const PGresult* result) {
  const std::string code(FieldOf(result, PG_DIAG_SQLSTATE));
  std::string message(FieldOf(result, PG_DIAG_MESSAGE_PRIMARY));
  if (message.empty()) message = PQresultErrorMessage(result);
  const auto detail = FieldOf(result, PG_DIAG_MESSAGE_DETAIL);
  if (!detail.empty()) message += " (" + std::string(detail) + ")";
  return {.fault = FaultOf(code), .code = code, .message = OneLine(message)};
}

}  // namespace deadletter::postgres
