#include "policy/rule.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

TEST(Verdicts, HaveNamesThatComeBack) {
  for (const char* name : {"fail", "retry", "park", "discard"}) {
    EXPECT_EQ(VerdictName(VerdictFromName(name).value()), name);
  }
  EXPECT_EQ(VerdictFromName("Fail"), std::nullopt);
}

}  // namespace
}  // namespace deadletter
