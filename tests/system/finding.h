// Finding out what broke, for whom, while letters come: groups, mutes and statistics, through the
// server's own HTTP interface and the command line.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/folders.h"
#include "tests/support/http_get.h"
#include "tests/system/figures.h"
#include "tests/system/world.h"

namespace deadletter::test {

class FindingOut : public testing::TestWithParam<PairFactory> {
 protected:
  // So many letters of the same kind, of executions that nobody has.
  static void Send(World& world, int letters, const std::string& reason) {
    std::vector<Message> messages;
    for (int number = 0; number < letters; ++number) {
      messages.push_back(
          World::DeadMessage(world.Envelope(std::to_string(next_execution++)), reason));
    }
    world.Publish({kDeadLetterExchange, "execution.dispatch.worker.7"}, messages);
  }
  static bool IsAllCounted(Server& server, std::int64_t letters) {
    const boost::json::value stats = server.Get("/v1/stats");
    return stats.at("letters") == letters && stats.at("uncounted_letters") == 0;
  }
  static Finished Command(Server& server, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), DEADLETTER_BINARY_DIR "/deadletter");
    return RunProgram(std::move(arguments),
                      {.environment = {{"DEADLETTER_SERVER", server.url()}}, .folder = {}});
  }
  // Every letter of the ledger is in the counts, once.
  static void ExpectExact(World& world) {
    const CountedFacts facts = world.pair().ledger().ReadFacts().counts.value();
    EXPECT_EQ(facts.counted, facts.letters);
    EXPECT_EQ(facts.in_groups, facts.letters);
    EXPECT_EQ(facts.by_queue, facts.letters);
    EXPECT_EQ(facts.wrong_groups, 0);
  }

  static inline int next_execution = 1'000;
};

TEST_P(FindingOut, GroupsTellWhatDiedHowOftenAndWhy) {
  World world(GetParam());
  Server server = world.Serve();
  Send(world, 5, "expired");
  Send(world, 2, "rejected");
  ASSERT_TRUE(WaitUntil([&] { return IsAllCounted(server, 7); })) << server.GetText("/v1/stats");
  const boost::json::array largest = server.Get("/v1/groups?order=letters").at("items").as_array();
  ASSERT_EQ(largest.size(), 2U);
  EXPECT_EQ(largest[0].at("letters"), 5);
  EXPECT_EQ(largest[0].at("reason"), "expired");
  EXPECT_EQ(largest[0].at("queue"), "worker.#.executions");
  EXPECT_EQ(largest[0].at("action"), "core.echo");
  EXPECT_EQ(largest[1].at("letters"), 2);
  std::int64_t last_day = 0;
  for (const auto& letters : largest[0].at("trend").as_array()) last_day += letters.as_int64();
  EXPECT_EQ(last_day, 5);
  // Its letters are those of the list.
  const std::string group(largest[0].at("group").as_string());
  EXPECT_EQ(server.Get("/v1/letters?group=" + group).at("items").as_array().size(), 5U);
  const std::string sample(largest[0].at("sample").as_string());
  EXPECT_EQ(server.Get("/v1/letters/" + sample).at("group"), largest[0].at("group"));
  EXPECT_EQ(server.Get("/v1/groups?queue=worker.99.executions&reason=rejected")
                .at("items")
                .as_array()
                .size(),
            1U);

  const Finished table = Command(server, {"groups"});
  EXPECT_EQ(table.status, 0) << table.output;
  EXPECT_THAT(table.output, testing::AllOf(testing::HasSubstr(group), testing::HasSubstr("TREND")));
  const Finished json = Command(server, {"groups", "--reason", "rejected", "--output", "json"});
  EXPECT_EQ(std::ranges::count(json.standard_output, '\n'), 1);
  EXPECT_TRUE(AwaitFigure(server, "deadletter_uncounted_letters", 0));
  EXPECT_TRUE(server.StopsAsPromised());
  ExpectExact(world);
}

TEST_P(FindingOut, P8_AMutedGroupIsKnownAndItsLettersAreHandledAllTheSame) {
  World world(GetParam());
  world.AddExecution(5);
  Server server = world.Serve();
  Send(world, 3, "expired");
  ASSERT_TRUE(WaitUntil([&] { return IsAllCounted(server, 3); })) << server.GetText("/v1/stats");
  const std::string group(server.Get("/v1/groups").at("items").at(0).at("group").as_string());
  const Finished muted = Command(server, {"mute", group, "--for", "2h"});
  EXPECT_EQ(muted.status, 0) << muted.output;
  EXPECT_THAT(muted.output, testing::StartsWith("muted until "));
  EXPECT_EQ(server.Get("/v1/groups").at("items").at(0).at("muted_by"), "local");
  EXPECT_TRUE(server.Get("/v1/groups?muted=false").at("items").as_array().empty());
  EXPECT_THAT(Command(server, {"groups"}).output, testing::HasSubstr("MUTED"));
  const boost::json::array acts = server.Get("/v1/audit?what=mute").at("items").as_array();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(acts[0].at("subject"), boost::json::value(group));
  EXPECT_EQ(acts[0].at("letters"), 3);

  world.PublishDead(world.Envelope("5"));
  EXPECT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{5}), "failed"));
  ASSERT_TRUE(WaitUntil([&] { return IsAllCounted(server, 4); })) << server.GetText("/v1/stats");
  EXPECT_EQ(server.Get("/v1/groups?muted=true").at("items").at(0).at("letters"), 4);
  EXPECT_EQ(Command(server, {"mute", group, "--off"}).output, "not muted\n");
  EXPECT_EQ(server.Get("/v1/groups?muted=false").at("items").as_array().size(), 1U);

  const HttpAnswer unknown =
      HttpPost(server.url() + "/v1/groups/" + std::string(32, 'f') + "/mute", R"({"for":60})");
  EXPECT_EQ(unknown.status, 404) << unknown.body;
  EXPECT_EQ(Command(server, {"mute", "nothing", "--for", "1h"}).status, 1);
}

TEST_P(FindingOut, StatisticsTellHowManyAndWhatWaits) {
  World world(GetParam());
  world.AddExecution(5);
  Server server = world.Serve();
  Send(world, 4, "rejected");
  world.PublishDead(world.Envelope("5"));
  world.PublishDead("no json");
  ASSERT_TRUE(WaitUntil([&] { return IsAllCounted(server, 6); })) << server.GetText("/v1/stats");
  const boost::json::value stats = server.Get("/v1/stats");
  EXPECT_EQ(stats.at("by_reason").at("rejected"), 4);
  EXPECT_EQ(stats.at("by_reason").at("expired"), 2);
  EXPECT_EQ(stats.at("by_outcome").at("not_found"), 4);
  EXPECT_EQ(stats.at("by_outcome").at("failed"), 1);
  EXPECT_EQ(stats.at("by_outcome").at("malformed"), 1);
  EXPECT_EQ(stats.at("by_queue").at("worker.7.executions"), 6);
  EXPECT_EQ(stats.at("states").at("open"), 6);
  std::int64_t letters = 0;
  for (const auto& bucket : stats.at("buckets").as_array())
    letters += bucket.at("letters").as_int64();
  EXPECT_EQ(letters, 6);
  EXPECT_TRUE(WaitUntil([&] {
    const boost::json::value now = server.Get("/v1/stats");
    return now.at("depth").is_object() && now.at("outbox_pending") == 0;
  })) << server.GetText("/v1/stats");
  EXPECT_TRUE(server.Get("/v1/stats").at("depth").as_object().contains(kDeadLetterQueue));
  EXPECT_EQ(
      server.Get("/v1/stats?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z").at("letters"),
      0);
  const Finished table = Command(server, {"stats"});
  EXPECT_EQ(table.status, 0) << table.output;
  EXPECT_THAT(table.output, testing::HasSubstr("worker.7.executions"));
}

TEST_P(FindingOut, P5_WhereCountingFailsLettersAreHandledAllTheSameAndItIsSaid) {
  World world(GetParam());
  world.AddExecution(5);
  world.pair().ledger().Meddle("ALTER TABLE {{group_count}} RENAME TO {{gone_name}}");
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  world.PublishDead(world.Envelope("5"));
  EXPECT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{5}), "failed"));
  EXPECT_TRUE(server.process().WaitForLine("groups_wait", kPatience)) << server.process().output();
  EXPECT_TRUE(WaitUntil([&] {
    return server.GetText("/readyz").find(R"("part":"groups","state":"warning")") !=
           std::string::npos;
  })) << server.GetText("/readyz");
  world.pair().ledger().Meddle("ALTER TABLE {{gone}} RENAME TO {{group_count_name}}");
  EXPECT_TRUE(WaitUntil([&] { return IsAllCounted(server, 1); })) << server.GetText("/v1/stats");
  EXPECT_TRUE(AwaitFigure(server, "deadletter_uncounted_letters", 0));
  EXPECT_TRUE(server.StopsAsPromised());
  ExpectExact(world);
}

// A server before this version recorded without naming; and one that was killed had not counted.
TEST_P(FindingOut, P4_WhatWasRecordedAndNotCountedIsCountedByTheNextServer) {
  World world(GetParam());
  {
    Server server = world.Serve();
    Send(world, 6, "expired");
    EXPECT_EQ(world.WaitForLetters(6).size(), 6U);
    server.process().Signal(SIGKILL);
    EXPECT_EQ(server.process().WaitForExit(kPatience), 128 + SIGKILL);
  }
  world.pair().ledger().ForgetUncounted();
  Server server = world.Serve();
  Send(world, 3, "expired");
  EXPECT_TRUE(WaitUntil([&] { return IsAllCounted(server, 9); })) << server.GetText("/v1/stats");
  EXPECT_TRUE(server.StopsAsPromised());
  ExpectExact(world);
}

TEST_P(FindingOut, P4_TwoServersCountEachLetterOnce) {
  World world(GetParam());
  Server first = world.Serve();
  Server second = world.Serve();
  ASSERT_TRUE(first.WaitUntilReady() && second.WaitUntilReady());
  for (int round = 0; round < 20; ++round) Send(world, 10, round % 2 == 0 ? "expired" : "maxlen");
  EXPECT_TRUE(WaitUntil([&] { return IsAllCounted(first, 200); })) << first.GetText("/v1/stats");
  EXPECT_TRUE(first.StopsAsPromised());
  EXPECT_TRUE(second.StopsAsPromised());
  ExpectExact(world);
}

}  // namespace deadletter::test
