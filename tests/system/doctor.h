// `deadletter doctor` over whichever pair includes this: what is well is called so, what is wrong
// is found, and nothing is changed by looking.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/system/world.h"

namespace deadletter::test {

struct Checked {
  std::string level;
  std::string check;
  std::string seen;
  std::string advice;  // empty: none

  friend void PrintTo(const Checked& one, std::ostream* out) {
    *out << one.level << " " << one.check << ": " << one.seen << " -> " << one.advice;
  }
};

struct DoctorSays {
  int status = -1;
  std::vector<Checked> all;

  [[nodiscard]] std::vector<Checked> AllBut(const std::string& level) const {
    std::vector<Checked> others;
    for (const auto& one : all) {
      if (one.level != level) others.push_back(one);
    }
    return others;
  }
};

// Run with a free port to listen on, which no other program of this machine can have.
inline DoctorSays AskDoctor(World& world, std::map<std::string, std::string> environment = {}) {
  environment.emplace("DEADLETTER_HTTP_LISTEN", "127.0.0.1:0");
  chmod(world.config_file().c_str(), 0600);
  const Finished finished = world.Run({"doctor", "--output", "json"}, std::move(environment));
  DoctorSays says{.status = finished.status, .all = {}};
  std::istringstream lines(finished.standard_output);
  for (std::string line; std::getline(lines, line);) {
    const auto object = boost::json::parse(line).as_object();
    const auto& advice = object.at("advice");
    says.all.push_back({std::string(object.at("level").as_string()),
                        std::string(object.at("check").as_string()),
                        std::string(object.at("seen").as_string()),
                        advice.is_null() ? std::string() : std::string(advice.as_string())});
  }
  if (says.all.empty()) ADD_FAILURE() << finished.output;
  return says;
}

inline auto Says(const std::string& level, const std::string& check, const std::string& seen = "",
                 const std::string& advice = "") {
  using testing::Field;
  using testing::HasSubstr;
  return testing::AllOf(Field("level", &Checked::level, level),
                        Field("check", &Checked::check, check),
                        Field("seen", &Checked::seen, HasSubstr(seen)),
                        Field("advice", &Checked::advice, HasSubstr(advice)));
}

// [[queue]] sections: the usual ones, and one more.
inline std::string QueuesWith(const std::string& more) {
  return "[[queue]]\nname = \"attune.dlx.queue\"\n[[queue]]\nname = "
         "\"attune.dlx.unrouted.queue\"\noptional = true\n[[queue]]\nname = \"" +
         more + "\"\n";
}

class Doctor : public testing::TestWithParam<PairFactory> {};

TEST_P(Doctor, P7_FindsAllWellInAHealthySetUpAndChangesNothing) {
  World world(GetParam());
  world.AddExecution(1);
  world.PublishDead(World::DeadMessage(world.Envelope("1")));
  for (int look = 0; look < 3; ++look) {
    const DoctorSays says = AskDoctor(world);
    EXPECT_EQ(says.status, 0);
    EXPECT_THAT(says.AllBut("ok"), testing::IsEmpty());
  }
  const Finished table = world.Run({"doctor"}, {{"DEADLETTER_HTTP_LISTEN", "127.0.0.1:0"}});
  EXPECT_EQ(table.status, 0) << table.output;
  EXPECT_THAT(table.standard_output, testing::HasSubstr(" ok, 0 warnings, 0 wrong, 0 unknown\n"));
  EXPECT_THAT(table.standard_output, testing::Not(testing::HasSubstr("\x1b")));

  EXPECT_EQ(world.Row(ExecutionId(1)).status, "scheduled");
  EXPECT_EQ(world.Letters().size(), 0U);
  EXPECT_EQ(world.pair().broker().ReadyMessages(kEventQueue), 0U);
  EXPECT_EQ(world.Run({"topology", "check"}).status, 0);
  const auto consumer = world.pair().broker().MakeConsumer(kDeadLetterQueue);
  ASSERT_TRUE(consumer->Subscribe(10));
  const auto letters =
      consumer->Receive({.max_letters = 10, .max_bytes = 1 << 20, .wait = kPatience});
  ASSERT_TRUE(letters) << letters.error().message;
  ASSERT_EQ(letters->size(), 1U);
  EXPECT_FALSE(letters->front().redelivered) << "somebody had it";
}

TEST_P(Doctor, FindsAMissingDeadLetterExchange) {
  World world(GetParam());
  const DoctorSays says = AskDoctor(world, {{"DEADLETTER_TOPOLOGY_DLX", "elsewhere.dlx"}});
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "exchange elsewhere.dlx", "not exist",
                                               "topology apply")));
}

TEST_P(Doctor, FindsAMissingWorkerQueue) {
  World world(GetParam());
  world.pair().broker().DeleteQueue("worker.7.executions");
  const DoctorSays says = AskDoctor(world);
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "queue worker.7.executions", "not exist",
                                               "topology apply")));
}

TEST_P(Doctor, FindsADeadLetterQueueThatForgetsLetters) {
  World world(GetParam(), {.queues = QueuesWith("forgetful")});
  world.pair().broker().DeclareQueue("forgetful", {.ttl = std::chrono::minutes(1)});
  const DoctorSays says = AskDoctor(world);
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "queue forgetful")));
}

TEST_P(Doctor, FindsADeadLetterQueueWithADeliveryLimit) {
  World world(GetParam(), {.queues = QueuesWith("limited")});
  world.pair().broker().DeclareQueue("limited", {.delivery_limit = 3});
  const DoctorSays says = AskDoctor(world);
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "queue limited")));
}

TEST_P(Doctor, FindsWhoElseConsumesADeadLetterQueue) {
  World world(
      GetParam(),
      {.queues = "[[queue]]\nname = \"attune.dlx.queue\"\nconsumer_tag = "
                 "\"ours\"\n[[queue]]\nname = "
                 "\"attune.dlx.unrouted.queue\"\noptional = true\nconsumer_tag = \"ours\"\n"});
  const auto consumer = world.pair().broker().MakeConsumer(kDeadLetterQueue);
  ASSERT_TRUE(consumer->Subscribe(10));
  DoctorSays says;
  EXPECT_TRUE(WaitUntil([&] {
    says = AskDoctor(world);
    return says.status == 3;
  }));
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "queue attune.dlx.queue",
                                               world.pair().broker().consumer_tag())));
}

TEST_P(Doctor, FindsAColumnThatTheTableHasNot) {
  World world(GetParam());
  const DoctorSays says = AskDoctor(world, {{"DEADLETTER_EXECUTIONS_WORKER", "nobody"}});
  EXPECT_EQ(says.status, 3);
  EXPECT_THAT(says.all, testing::Contains(Says("wrong", "executions table execution", "nobody")));
}

TEST_P(Doctor, FindsASchemaThatIsToBeMigratedByAPersonAndOnlyThenCallsItWrong) {
  World world(GetParam(), {.ledger = {.migrated = false}});
  const DoctorSays by_hand = AskDoctor(world, {{"DEADLETTER_LEDGER_AUTO_MIGRATE", "false"}});
  EXPECT_EQ(by_hand.status, 3);
  EXPECT_THAT(by_hand.all,
              testing::Contains(Says("wrong", "ledger schema", "version 0", "deadletter migrate")));
  const DoctorSays by_itself = AskDoctor(world);
  EXPECT_EQ(by_itself.status, 0);
  EXPECT_THAT(by_itself.all, testing::Contains(Says("warning", "ledger schema", "version 0")));
  EXPECT_EQ(world.pair().ledger().OpenMigrator()->Status()->version, 0) << "looking changed it";
}

TEST_P(Doctor, WarnsOfExecutionsThatWaitForTooLong) {
  World world(GetParam(), {.worker_ttl = std::chrono::milliseconds(1),
                           .toml = "[sweeper]\noverdue_after = \"1s\"\n"});
  world.AddExecution(1);
  world.AddExecution(2, "completed");
  DoctorSays says;
  EXPECT_TRUE(WaitUntil([&] {
    says = AskDoctor(world);
    return std::ranges::any_of(says.all, [](const Checked& one) {
      return one.level == "warning" && one.check == "overdue executions" &&
             one.seen.starts_with("1 have waited");
    });
  }));
  EXPECT_EQ(says.status, 0) << "age alone proves nothing";
}

TEST_P(Doctor, FindsTokensThatEverybodyMayReadOrChange) {
  World world(GetParam());
  const std::string file = world.folder() + "/tokens";
  const std::map<std::string, std::string> with_tokens = {{"DEADLETTER_AUTH_TOKENS_FILE", file}};
  ASSERT_EQ(world.Run({"token", "new", "--name", "anna", "--role", "viewer", "--tokens-file", file})
                .status,
            0);
  EXPECT_EQ(AskDoctor(world, with_tokens).status, 0);
  chmod(file.c_str(), 0644);
  const DoctorSays readable = AskDoctor(world, with_tokens);
  EXPECT_EQ(readable.status, 3);
  EXPECT_THAT(readable.AllBut("ok"),
              testing::ElementsAre(
                  Says("wrong", "auth.tokens_file " + file, "may read it", "chmod o-rwx " + file)));
  chmod(file.c_str(), 0620);
  const DoctorSays writable = AskDoctor(world, with_tokens);
  EXPECT_EQ(writable.status, 3);
  EXPECT_THAT(writable.all, testing::Contains(Says("wrong", "auth.tokens_file " + file,
                                                   "may change it", "chmod go-w " + file)));
}

TEST_P(Doctor, SaysWhatTheConfigurationIsWarnedOf) {
  World world(GetParam());
  const DoctorSays says = AskDoctor(world, {{"DEADLETTER_BROKER_URK", "x"}});
  EXPECT_EQ(says.status, 0);
  EXPECT_THAT(says.AllBut("ok"),
              testing::ElementsAre(Says("warning", "configuration", "DEADLETTER_BROKER_URK")));
  EXPECT_EQ(world.Run({"doctor"}, {{"DEADLETTER_LEDGER_LOCK_TIMEOUT", "soon"}}).status, 2);
}

TEST_P(Doctor, KnowsARunningServer) {
  World world(GetParam());
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  const std::string address = server.url().substr(server.url().find("127"));
  const std::map<std::string, std::string> there = {{"DEADLETTER_HTTP_LISTEN", address}};
  EXPECT_THAT(AskDoctor(world, there).AllBut("ok"), testing::IsEmpty());
  EXPECT_TRUE(server.StopsAsPromised());
}

}  // namespace deadletter::test
