// The commands as users run them, over whichever pair includes this.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
