#include "ledger/embedded_sql.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace deadletter {
namespace {

TEST(FillIn, ReplacesEveryPlace) {
  EXPECT_EQ(
      FillIn("SELECT {{id}} FROM {{table}} WHERE {{id}} = 1", {{"id", "\"a\""}, {"table", "t"}}),
      "SELECT \"a\" FROM t WHERE \"a\" = 1");
}

TEST(FillIn, DoesNotLookIntoAValue) {
  EXPECT_EQ(FillIn("{{a}} {{b}}", {{"a", "{{b}}"}, {"b", "x"}}), "{{b}} x");
}

TEST(FillIn, LeavesSingleBracesAlone) {
  EXPECT_EQ(FillIn("'{}'", {}), "'{}'");
}

TEST(FillIn, ThrowsForANameWithoutAValue) {
  EXPECT_THROW((void)FillIn("{{a}}", {{"b", ""}}), std::logic_error);
  EXPECT_THROW((void)FillIn("{{a", {{"a", ""}}), std::logic_error);
}

}  // namespace
}  // namespace deadletter
