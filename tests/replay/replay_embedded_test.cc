#include "tests/replay/replay_kill.h"
#include "tests/replay/replay_many.h"
#include "tests/replay/replay_people.h"
#include "tests/replay/replaying.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, Replaying, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });
INSTANTIATE_TEST_SUITE_P(Embedded, KillInReplay, testing::ValuesIn(ReplayKillsOf(EmbeddedPair())),
                         ReplayKillName);
INSTANTIATE_TEST_SUITE_P(Embedded, KillOneOfTwoInReplay, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });
INSTANTIATE_TEST_SUITE_P(Embedded, ReplayingPeople, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });
INSTANTIATE_TEST_SUITE_P(Embedded, ReplayingMany, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

// One row may go back, and not fail again: what no queue takes of it must not keep the others.
TEST(ReplayingOfRefused, P5_ARowThatMayNotFailAgainKeepsNoOtherLetterAndNoOtherReplay) {
  ReplayWorld replays(EmbeddedPair());
  World& world = replays.world();
  Server server = world.Serve();
  replays.Fail(1, 3);
  world.pair().ledger().Meddle(
      "CREATE TRIGGER stays BEFORE UPDATE ON execution WHEN NEW.status = 'failed' AND OLD.id = 1 "
      "BEGIN SELECT RAISE(ABORT, 'not that one'); END");
  std::string ids;
  for (const LetterSummary& letter : world.Letters()) {
    if (letter.execution_id != "3")
      ids += (ids.empty() ? "\"" : ",\"") + FormatUuid(letter.id.value()) + "\"";
  }
  const std::string both = ReplayWorld::Make(
      server, R"({"ids":[)" + ids + R"(],"redirect":{"exchange":"","routing_key":"not.there"}})");
  EXPECT_TRUE(ReplayWorld::WaitForState(server, both, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, both, "unroutable"), 2);
  EXPECT_EQ(world.Row(ExecutionId(std::int64_t{1})).status, "scheduled");
  EXPECT_EQ(world.Row(ExecutionId(std::int64_t{2})).status, "failed");
  EXPECT_TRUE(server.process().WaitForLine("replayed_execution_refused", kPatience));
  EXPECT_TRUE(server.WaitUntilReady());

  const std::string again = ReplayWorld::Make(server, R"({"filter":{"state":"open"}})");
  replays.Complete(replays.Take(3));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, again, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, again, "succeeded"), 3);
}

}  // namespace deadletter::test
