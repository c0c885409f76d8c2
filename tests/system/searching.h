// Text search of the running server, through its own HTTP interface and the command line: what is
// recorded is found a moment later, and what is redacted is not.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/folders.h"
#include "tests/support/http_get.h"
#include "tests/system/figures.h"
#include "tests/system/world.h"

namespace deadletter::test {

class Searching : public testing::TestWithParam<PairFactory> {
 protected:
  static constexpr const char* kRedact = "redact = ['/payload/config/**/pass*']\n";

  // A letter of an execution that nobody has.
  static void Send(World& world, const std::string& config, const std::string& reason = "expired") {
    Message message = World::DeadMessage(
        world.Envelope(std::to_string(next_execution++), R"(,"config":)" + config), reason);
    message.headers.entries.push_back({"x-tenant", FieldValue(std::string("Blue Corp"))});
    world.Publish({kDeadLetterExchange, "execution.dispatch.worker.7"}, {message});
  }
  static boost::json::value Search(Server& server, const std::string& query) {
    return server.Get("/v1/letters?" + query);
  }
  static std::size_t Found(Server& server, const std::string& query) {
    return Search(server, query).at("items").as_array().size();
  }
  static bool IsAllIndexed(Server& server, std::int64_t letters) {
    const boost::json::value stats = server.Get("/v1/letters?q=tenant&limit=1000");
    return stats.at("unindexed_letters") == 0 &&
           static_cast<std::int64_t>(stats.at("items").as_array().size()) == letters;
  }
  static std::string ProblemOf(Server& server, const std::string& query) {
    return std::string(
        boost::json::parse(server.GetText("/v1/letters?" + query, 400)).at("detail").as_string());
  }
  static Finished Command(Server& server, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), DEADLETTER_BINARY_DIR "/deadletter");
    return RunProgram(std::move(arguments),
                      {.environment = {{"DEADLETTER_SERVER", server.url()}}, .folder = {}});
  }

  static inline int next_execution = 1'000;
};

TEST_P(Searching, LettersAreFoundByTheWordsInBodyAndHeaders) {
  World world(GetParam());
  Server server = world.Serve();
  Send(world, R"({"host":"db-7.example.org","retries":3})");
  Send(world, R"({"host":"db-8.example.org","retries":3})", "rejected");
  Send(world, R"({"note":"a caf\u00e9 in G\u00f6rlitz"})");
  ASSERT_TRUE(WaitUntil([&] { return IsAllIndexed(server, 3); }))
      << server.GetText("/v1/letters?q=tenant");
  EXPECT_EQ(Found(server, "q=db"), 2U);
  EXPECT_EQ(Found(server, "q=DB-8.example"), 1U);
  EXPECT_EQ(Found(server, "q=blue+corp+retries"), 2U);
  EXPECT_EQ(Found(server, "q=caf%C3%A9"), 1U);
  EXPECT_EQ(Found(server, "q=db+nothing"), 0U);
  EXPECT_EQ(Found(server, "q=db&reason=rejected"), 1U);
  EXPECT_EQ(Found(server, "q=db&reason=maxlen"), 0U);
  EXPECT_EQ(Found(server, "q=db&action=core.echo&queue=worker.7.executions"), 2U);
  // Page by page.
  const boost::json::value first = Search(server, "q=db&limit=1");
  EXPECT_EQ(first.at("items").at(0).at("reason"), "rejected");
  EXPECT_TRUE(first.at("looked_to").is_null());
  const std::string cursor(first.at("next_cursor").as_string());
  EXPECT_EQ(Search(server, "q=db&limit=1&cursor=" + cursor).at("items").at(0).at("reason"),
            "expired");
  EXPECT_THAT(ProblemOf(server, "q=host&cursor=" + cursor), testing::HasSubstr("other filters"));
  EXPECT_TRUE(server.Get("/v1/letters").at("unindexed_letters").is_null());

  std::string many = "q=w1";
  for (int number = 2; number <= 17; ++number) many += "+w" + std::to_string(number);
  EXPECT_THAT(ProblemOf(server, many), testing::HasSubstr("1 to 16 different words"));
  EXPECT_THAT(ProblemOf(server, "q=--"), testing::HasSubstr("1 to 16 different words"));
  EXPECT_THAT(ProblemOf(server, "q=" + std::string(1'001, 'x')), testing::HasSubstr("1000 bytes"));

  const Finished table = Command(server, {"list", "--q", "db 8"});
  EXPECT_EQ(table.status, 0) << table.output;
  EXPECT_THAT(table.output, testing::HasSubstr("rejected"));
  const Finished json = Command(server, {"list", "--q", "db", "--output", "json"});
  EXPECT_EQ(std::ranges::count(json.standard_output, '\n'), 2);
  EXPECT_TRUE(AwaitFigure(server, "deadletter_unindexed_letters", 0));
  EXPECT_TRUE(server.StopsAsPromised());
}

// Whatever takes filters takes this one.
TEST_P(Searching, WhatIsFoundCanBeExportedReplayedAndDiscarded) {
  World world(GetParam());
  Server server = world.Serve();
  Send(world, R"({"host":"db-7"})");
  Send(world, R"({"host":"web-1"})");
  ASSERT_TRUE(WaitUntil([&] { return IsAllIndexed(server, 2); }));
  EXPECT_THAT(
      server.GetText("/v1/export?q=db"),
      testing::AllOf(testing::HasSubstr("db-7"), testing::Not(testing::HasSubstr("web-1"))));
  const auto count = [&](const std::string& path, const std::string& request) {
    const HttpAnswer answer = HttpPost(server.url() + path, request);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(boost::json::parse(answer.body).at("unindexed_letters"), 0) << answer.body;
    return boost::json::parse(answer.body).at("letters").as_int64();
  };
  EXPECT_EQ(count("/v1/replays", R"({"filter":{"q":"db"},"dry_run":true})"), 1);
  EXPECT_EQ(count("/v1/discards", R"({"filter":{"q":"web"},"dry_run":true})"), 1);
  const HttpAnswer made = HttpPost(server.url() + "/v1/replays", R"({"filter":{"q":"web"}})");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(boost::json::parse(made.body).at("unindexed_letters"), 0) << made.body;
  EXPECT_EQ(count("/v1/discards", R"({"filter":{"q":"db"},"why":"test data"})"), 1);
  EXPECT_EQ(Found(server, "q=db&state=closed"), 1U);
  EXPECT_EQ(Found(server, "q=web&state=closed"), 0U);
  const HttpAnswer wrong = HttpPost(server.url() + "/v1/discards", R"({"filter":{"q":"-"}})");
  EXPECT_EQ(wrong.status, 400) << wrong.body;
}

TEST_P(Searching, WhatIsRedactedIsNotFound) {
  World world(GetParam(), {.top = kRedact});
  Server server = world.Serve();
  Send(world, R"({"db":{"password":"S3cretWord","host":"db-7"}})");
  Message unreadable = World::DeadMessage("S3cretWord and no json");
  unreadable.headers.entries.push_back({"x-tenant", FieldValue(std::string("odd"))});
  world.PublishDead(unreadable);
  ASSERT_TRUE(WaitUntil([&] { return IsAllIndexed(server, 2); }));
  EXPECT_EQ(Found(server, "q=s3cretword"), 0U);
  EXPECT_EQ(Found(server, "q=json"), 0U) << "nobody can tell what in it is redacted";
  EXPECT_EQ(Found(server, "q=password+db+7"), 1U);
  EXPECT_EQ(Found(server, "q=odd"), 1U);
}

TEST_P(Searching, WhatIsRedactedFromNowOnIsFoundNoMore) {
  World world(GetParam());
  {
    Server server = world.Serve();
    Send(world, R"({"password":"S3cretWord","host":"db-7"})");
    ASSERT_TRUE(WaitUntil([&] { return IsAllIndexed(server, 1); }));
    EXPECT_EQ(Found(server, "q=s3cretword"), 1U);
    EXPECT_TRUE(server.StopsAsPromised());
  }
  std::string toml;
  {
    std::ifstream file(world.config_file());
    toml.assign(std::istreambuf_iterator<char>(file), {});
  }
  std::ofstream(world.config_file()) << kRedact << toml;
  Server server = world.Serve();
  EXPECT_EQ(Found(server, "q=s3cretword"), 0U) << "not even before it is indexed anew";
  ASSERT_TRUE(WaitUntil([&] { return IsAllIndexed(server, 1); }));
  EXPECT_EQ(Found(server, "q=s3cretword"), 0U);
  EXPECT_EQ(Found(server, "q=db+7"), 1U);
}

TEST_P(Searching, P4_WhatWasRecordedAndNotIndexedIsIndexedByTheNextServer) {
  World world(GetParam());
  constexpr int kLetters = 6;
  {
    Server server = world.Serve({{"DEADLETTER_FAULT", "index.before=kill"}});
    for (int number = 0; number < kLetters; ++number) Send(world, R"({"host":"db-7"})");
    EXPECT_EQ(server.process().WaitForExit(kPatience), 128 + SIGKILL);
  }
  Server next = world.Serve();
  ASSERT_TRUE(WaitUntil([&] { return IsAllIndexed(next, kLetters); }))
      << next.GetText("/v1/letters?q=tenant");
  EXPECT_EQ(Found(next, "q=db+7"), 1U * kLetters);
  EXPECT_TRUE(next.StopsAsPromised());
}

TEST_P(Searching, P5_WhereIndexingFailsLettersAreHandledAllTheSameAndItIsSaid) {
  World world(GetParam());
  world.AddExecution(5);
  world.pair().ledger().Meddle("ALTER TABLE {{text_index}} RENAME TO {{gone_name}}");
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  world.PublishDead(world.Envelope("5"));
  EXPECT_TRUE(world.WaitForStatus(ExecutionId(std::int64_t{5}), "failed"));
  EXPECT_TRUE(server.process().WaitForLine("text_search_waits", kPatience))
      << server.process().output();
  EXPECT_TRUE(WaitUntil([&] {
    return server.GetText("/readyz").find(R"("part":"text search","state":"warning")") !=
           std::string::npos;
  })) << server.GetText("/readyz");
  world.pair().ledger().Meddle("ALTER TABLE {{gone}} RENAME TO {{text_index_name}}");
  EXPECT_TRUE(WaitUntil([&] { return Found(server, "q=core+echo") == 1; }));
  EXPECT_TRUE(AwaitFigure(server, "deadletter_unindexed_letters", 0));
  EXPECT_TRUE(server.StopsAsPromised());
}

TEST_P(Searching, P4_TwoServersIndexEachLetterOnce) {
  World world(GetParam());
  Server first = world.Serve();
  Server second = world.Serve();
  ASSERT_TRUE(first.WaitUntilReady() && second.WaitUntilReady());
  for (int number = 0; number < 60; ++number) Send(world, R"({"host":"db-7"})");
  EXPECT_TRUE(WaitUntil([&] { return IsAllIndexed(first, 60); }))
      << first.GetText("/v1/letters?q=tenant");
  EXPECT_EQ(Found(second, "q=db"), 60U);
  EXPECT_TRUE(first.StopsAsPromised());
  EXPECT_TRUE(second.StopsAsPromised());
}

}  // namespace deadletter::test
