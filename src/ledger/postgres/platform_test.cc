#include "ledger/postgres/platform.h"

#include <gtest/gtest.h>

namespace deadletter::postgres {
namespace {

TEST(QuotedName, LeavesNothingOfTheNameToTheParser) {
  EXPECT_EQ(QuotedName("execution"), "\"execution\"");
  EXPECT_EQ(QuotedName("a\"b; --"), "\"a\"\"b; --\"");
}

TEST(QuotedTable, IsTakenApartAtTheFirstDot) {
  EXPECT_EQ(QuotedTable("execution"), "\"execution\"");
  EXPECT_EQ(QuotedTable("jobs.execution"), "\"jobs\".\"execution\"");
  EXPECT_EQ(QuotedTable("jobs.a.b"), "\"jobs\".\"a.b\"");
}

}  // namespace
}  // namespace deadletter::postgres
