// The commands as users run them, over whichever pair includes this.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/system/world.h"

namespace deadletter::test {

class Commands : public testing::TestWithParam<PairFactory> {};

TEST_P(Commands, MigrateSaysWhichVersionTheLedgerHas) {
  World world(GetParam());
  const Finished table = world.Run({"migrate"});
  EXPECT_EQ(table.status, 0) << table.output;
  EXPECT_THAT(table.standard_output, testing::HasSubstr("the ledger's schema is version "));
  const Finished json = world.Run({"migrate", "--output", "json"});
  const boost::json::value answer = boost::json::parse(json.standard_output);
  EXPECT_GE(answer.at("version").as_int64(), 1);
  EXPECT_TRUE(answer.at("migrated").as_array().empty());
}

TEST_P(Commands, MigratePrintsTheSqlInsteadOfRunningIt) {
  World world(GetParam());
  const Finished table = world.Run({"migrate", "--print"});
  EXPECT_EQ(table.status, 0) << table.output;
  EXPECT_THAT(table.standard_output, testing::HasSubstr("CREATE TABLE"));
  const Finished json = world.Run({"migrate", "--print", "--output", "json"});
  EXPECT_EQ(boost::json::parse(json.standard_output).at("sql"),
            boost::json::value(table.standard_output));
}

TEST_P(Commands, TopologyCheckEndsWithThreeUntilApplyHasMadeWhatIsMissing) {
  World world(GetParam());
  EXPECT_EQ(world.Run({"topology", "check"}).status, 0);
  world.pair().broker().DeleteQueue("worker.7.executions");
  const Finished missing = world.Run({"topology", "check", "--output", "json"});
  EXPECT_EQ(missing.status, 3) << missing.output;
  EXPECT_THAT(missing.standard_output, testing::HasSubstr("worker.7.executions"));
  const Finished applied = world.Run({"topology", "apply"});
  EXPECT_EQ(applied.status, 0) << applied.output;
  EXPECT_THAT(applied.standard_output, testing::HasSubstr("declared queue worker.7.executions"));
  EXPECT_EQ(world.Run({"topology", "check"}).status, 0);
}

TEST_P(Commands, ASubmissionThatNoQueueWantsSaysSoAndFails) {
  World world(GetParam());
  const Finished lost =
      world.Run({"submit", "--queue", "worker.99.executions", "--action", "core.echo"});
  EXPECT_EQ(lost.status, 1);
  EXPECT_THAT(lost.output, testing::HasSubstr("no queue wants 1 of the messages: run `deadletter "
                                              "topology apply`, or check --queue"));
  // What nobody wants is not counted against those that somebody does.
  const Finished sent =
      world.Run({"submit", "--queue", "worker.7.executions", "--action", "core.echo"});
  EXPECT_EQ(sent.status, 0);
  EXPECT_EQ(sent.output, sent.standard_output);
}

TEST_P(Commands, P7_ThePolicysTestSaysWhatItsRulesWouldHaveDoneAndDoesNothing) {
  World world(GetParam(), {.toml = "[[policy]]\nname = \"park them\"\nmatch = { reason = "
                                   "[\"rejected\"] }\nverdict = \"park\"\n"});
  for (const std::int64_t number : {1, 2, 3}) world.AddExecution(number);
  {
    Server server = world.Serve();
    world.PublishDead(World::DeadMessage(world.Envelope("1"), "rejected"));
    world.PublishDead(World::DeadMessage(world.Envelope("2"), "expired"));
    ASSERT_EQ(world.WaitForLetters(2).size(), 2U);
    EXPECT_TRUE(
        WaitUntil([&] { return server.Get("/v1/letters?q=x").at("unindexed_letters") == 0; }));
    EXPECT_TRUE(server.StopsAsPromised());
  }
  // Nothing serves: what is in the queue stays there.
  world.PublishDead(World::DeadMessage(world.Envelope("3"), "rejected"));
  const Finished tested = world.Run({"policy", "test", "--since", "1h", "--output", "json"});
  EXPECT_EQ(tested.status, 0) << tested.output;
  std::istringstream lines(tested.standard_output);
  std::vector<boost::json::value> rules;
  for (std::string line; std::getline(lines, line);) rules.push_back(boost::json::parse(line));
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].at("rule"), "park them");
  EXPECT_EQ(rules[0].at("verdict"), "park");
  EXPECT_EQ(rules[0].at("letters"), 1);
  EXPECT_EQ(rules[0].at("recorded").at("parked"), 1);
  EXPECT_TRUE(rules[1].at("rule").is_null());
  EXPECT_EQ(rules[1].at("verdict"), "fail");
  EXPECT_EQ(rules[1].at("recorded").at("failed"), 1);
  EXPECT_THAT(world.Run({"policy", "test"}).output, testing::HasSubstr("2 letters looked at"));
  EXPECT_EQ(world.Letters().size(), 2U);
  EXPECT_EQ(world.pair().broker().ReadyMessages(kDeadLetterQueue), 1U);
  EXPECT_EQ(world.Run({"policy", "test", "--since", "soon"}).status, 2);
  // Of some of them.
  const auto of = [&](const std::string& flag, const std::string& value) {
    return world.Run({"policy", "test", flag, value}).output;
  };
  EXPECT_THAT(of("--reason", "rejected"), testing::HasSubstr("1 letters looked at"));
  EXPECT_THAT(of("--reason", "ttl"), testing::HasSubstr("reason must be expired"));
  EXPECT_THAT(of("--q", "ExecutionRequested"), testing::HasSubstr("2 letters looked at"));
  EXPECT_THAT(of("--q", "nothing"), testing::HasSubstr("0 letters looked at"));
}

TEST_P(Commands, TheFirstLogLineNamesThePairWhateverTheLevel) {
  World world(GetParam(), {.toml = "[log]\nlevel = \"error\"\n"});
  Server server = world.Serve();
  const auto line = server.process().WaitForLine("\"event\"", kPatience);
  ASSERT_TRUE(line);
  const boost::json::value first = boost::json::parse(*line);
  EXPECT_EQ(first.at("event"), "starting");
  EXPECT_TRUE(first.as_object().contains("pair"));
}

TEST_P(Commands, AnInterruptStopsInOrder) {
  World world(GetParam());
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  EXPECT_TRUE(server.StopsAsPromised(SIGINT));
}

// Twice, because the first leaves its letters in a ledger that stays.
TEST_P(Commands, TheDemoLeavesThePlatformsQueuesAlone) {
  World world(GetParam(), {.worker_ids = {"1"}});
  world.Publish({"attune.executions", "execution.dispatch.worker.1"}, world.Envelope("5"));
  world.PublishDead(world.Envelope("6"));
  for (int run = 1; run <= 2; ++run) {
    const Finished demo =
        world.Run({"demo", "--listen", "127.0.0.1:0", "--data-dir", world.folder() + "/demo"});
    EXPECT_EQ(demo.status, 0) << demo.output;
    EXPECT_THAT(demo.standard_output, testing::HasSubstr("10 letters kept, 10 events heard"));
  }
  EXPECT_EQ(world.pair().broker().ReadyMessages("worker.1.executions"), 1u);
  EXPECT_EQ(world.pair().broker().ReadyMessages(kDeadLetterQueue), 1u);
}

}  // namespace deadletter::test
