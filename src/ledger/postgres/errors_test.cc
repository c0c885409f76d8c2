#include "ledger/postgres/errors.h"

#include <gtest/gtest.h>

#include <map>

namespace deadletter::postgres {
namespace {

TEST(FaultOf, BlamesALetterOnlyForWhatIsALetters) {
  const std::map<std::string, LedgerFault> expected = {
      {"22P02", LedgerFault::kLetter},       // invalid text representation
      {"23505", LedgerFault::kLetter},       // unique violation
      {"54000", LedgerFault::kLetter},       // program limit exceeded
      {"P0001", LedgerFault::kLetter},       // raised by a trigger
      {"P0002", LedgerFault::kStatement},    // no data found
      {"55P03", LedgerFault::kRowLocked},    // lock not available
      {"40P01", LedgerFault::kBusy},         // deadlock
      {"40001", LedgerFault::kBusy},         // serialization failure
      {"08006", LedgerFault::kUnavailable},  // connection failure
      {"57P01", LedgerFault::kUnavailable},  // admin shutdown
      {"57P03", LedgerFault::kUnavailable},  // cannot connect now
      {"53300", LedgerFault::kUnavailable},  // too many connections
      {"57014", LedgerFault::kStatement},    // cancelled
      {"42501", LedgerFault::kStatement},    // permission
      {"25006", LedgerFault::kStatement},    // read-only
      {"53100", LedgerFault::kStatement},    // disk full
      {"42P01", LedgerFault::kStatement},    // no such table
      {"", LedgerFault::kStatement},
  };
  for (const auto& [code, fault] : expected) EXPECT_EQ(FaultOf(code), fault) << code;
}

TEST(OneLine, JoinsLinesAndDropsWhatDoesNotPrint) {
  EXPECT_EQ(OneLine("  first\n\tsecond\r\n\x01third \n"), "first second third");
  EXPECT_EQ(OneLine(""), "");
}

TEST(OneLine, IsBounded) {
  EXPECT_LT(OneLine(std::string(100'000, 'x')).size(), 1000U);
}

}  // namespace
}  // namespace deadletter::postgres
