#include "tests/fault/matrix.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, CrashMatrix, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

// What is armed for it does nothing: the released program has no fault points.
TEST(ReleasedProgram, PassesEveryFaultPoint) {
  World world(EmbeddedPair());
  Account account;
  AddExecutions(world, account, 1, 3);
  std::string armed;
  for (const std::string& point : MatrixPoints("Embedded")) {
    armed += (armed.empty() ? "" : ",") + point + "=kill";
  }
  Server server = world.ServeReleased({{"DEADLETTER_FAULT", armed}});
  SendRequests(world, account, 1, 3);
  EXPECT_EQ(CloseBooks(world, account, {&server}).failed, 3u);
}

}  // namespace deadletter::test
