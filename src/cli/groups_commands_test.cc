// `groups`, `mute` and `stats`, against a server that answers as ours does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/bars.h"
#include "cli/characters.h"
#include "cli/client_commands.h"
#include "tests/support/canned_server.h"

namespace deadletter::cli {
namespace {

using test::CannedServer;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kGroup = "a6f348a62e54d38c44d5ef0db3979fcc";

std::string GroupItem(const std::string& muted_until, const std::string& queue) {
  return std::string(R"({"group":")") + kGroup +
         R"(","letters":12345,"first_seen":"2026-11-01T00:00:00.000000Z",)"
         R"("last_seen":"2026-11-23T19:00:00.000000Z","type":"ExecutionRequested",)"
         R"("action":"core.http","reason":"expired","queue":")" +
         queue +
         R"(","sample":"01a20a4d-ffb4-7000-8225-5c91b40dfbd4",)"
         R"("trend":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,4,8],"muted_until":)" +
         muted_until + R"(,"muted_by":null})";
}

constexpr const char* kStats =
    R"({"since":"2026-11-22T19:00:00.000000Z","until":"2026-11-23T20:00:00.000000Z","letters":7,)"
    R"("buckets":[{"at":"2026-11-22T19:00:00.000000Z","letters":0},)"
    R"({"at":"2026-11-23T19:00:00.000000Z","letters":7}],)"
    R"("by_reason":{"expired":7,"rejected":0},"by_queue":{"worker.7.executions":5,"":2},)"
    R"("by_outcome":{"failed":7},"states":{"open":7,"waiting":0,"closed":0},)"
    R"("depth":{"attune.dlx.queue":3},"outbox_pending":1,"uncounted_letters":9})";

class GroupsCommands : public ::testing::Test {
 protected:
  std::string Answer(const std::string& head) {
    if (head.starts_with("POST /v1/groups/")) {
      return CannedServer::Http(200, "application/json",
                                std::string(R"({"group":")") + kGroup + R"(","muted_until":)" +
                                    muted_until_ + R"(,"muted_by":"otto"})");
    }
    if (head.starts_with("GET /v1/stats"))
      return CannedServer::Http(200, "application/json", kStats);
    return CannedServer::Http(200, "application/json",
                              R"({"items":[)" + items_ + R"(],"next_cursor":null})");
  }
  [[nodiscard]] ServerAccess Access() const {
    return {.url = server_.url(), .token = {}, .ca_file = {}};
  }
  std::string Groups(std::size_t columns = 80, OutputFormat output = OutputFormat::kTable) {
    out_.str("");
    const Terminal terminal{.out = out_, .error = error_, .columns = columns};
    EXPECT_EQ(RunGroups({.server = Access(), .filters = filters_}, output, terminal), kExitDone);
    return out_.str();
  }

  std::string items_ = GroupItem("null", "worker.#.executions");
  std::string muted_until_ = R"("2026-11-23T21:00:00.000000Z")";
  std::vector<std::pair<std::string, std::string>> filters_;
  CannedServer server_{[this](const std::string& head) { return Answer(head); }};
  std::ostringstream out_;
  std::ostringstream error_;
  Terminal terminal_{.out = out_, .error = error_};
};

TEST_F(GroupsCommands, AtEightyColumnsAListSaysWhichHowManyWhyAndSinceWhen) {
  const std::string table = Groups();
  for (const char* word : {kGroup, "GROUP", "LETTERS", "12345", "LAST", "REASON", "expired",
                           "ACTION", "core.http", "TREND", ".._@"})
    EXPECT_THAT(table, HasSubstr(word));
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(Width(line), 80U) << line;
  EXPECT_THAT(table, Not(HasSubstr("MUTED")));
}

TEST_F(GroupsCommands, WhatIsMutedIsSaidAlsoAtEightyColumns) {
  items_ = GroupItem(R"("2999-01-01T00:00:00.000000Z")", "q") + "," + GroupItem("null", "q");
  EXPECT_THAT(Groups(), HasSubstr("MUTED"));
}

TEST_F(GroupsCommands, WideLinesSayMoreAndHostileNamesAreHarmless) {
  items_ = GroupItem("null", R"(w\u001b[31m\n#)");
  const std::string table = Groups(200);
  EXPECT_THAT(table, HasSubstr("QUEUE"));
  EXPECT_THAT(table, HasSubstr("ExecutionRequested"));
  EXPECT_THAT(table, Not(HasSubstr("\x1b[31m")));
}

TEST_F(GroupsCommands, FiltersAreParametersAndJsonIsOneGroupALine) {
  filters_ = {{"muted", "false"}, {"queue", "a b"}};
  const std::string json = Groups(80, OutputFormat::kJson);
  EXPECT_THAT(json, StartsWith("{\"group\":\""));
  EXPECT_EQ(std::ranges::count(json, '\n'), 1);
  EXPECT_THAT(server_.Heads().back(),
              StartsWith("GET /v1/groups?limit=100&muted=false&queue=a%20b "));
}

TEST_F(GroupsCommands, NoGroupsAreSaid) {
  items_ = "";
  EXPECT_EQ(Groups(), "no groups\n");
}

TEST_F(GroupsCommands, AMuteSaysUntilWhen) {
  EXPECT_EQ(RunMute({.server = Access(), .group = kGroup, .seconds = 7'200}, OutputFormat::kTable,
                    terminal_),
            kExitDone);
  EXPECT_EQ(out_.str(), "muted until 2026-11-23 21:00:00 UTC\n");
  EXPECT_THAT(server_.Heads().back(),
              StartsWith("POST /v1/groups/" + std::string(kGroup) + "/mute "));
  muted_until_ = "null";
  out_.str("");
  EXPECT_EQ(RunMute({.server = Access(), .group = kGroup}, OutputFormat::kTable, terminal_),
            kExitDone);
  EXPECT_EQ(out_.str(), "not muted\n");
}

TEST_F(GroupsCommands, StatisticsFitEightyColumns) {
  EXPECT_EQ(RunStats({.server = Access(), .filters = {{"since", "x"}, {"until", "y z"}}},
                     OutputFormat::kTable, terminal_),
            kExitDone);
  const std::string table = out_.str();
  for (const char* word :
       {"letters    7 from 2026-11-22 19:00:00 UTC", "by hour    .@", "expired",
        "worker.7.executions", "(others)", "attune.dlx.queue", "to be sent", "uncounted", "9"})
    EXPECT_THAT(table, HasSubstr(word));
  EXPECT_THAT(table, Not(HasSubstr("rejected"))) << "what there is none of";
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(Width(line), 80U) << line;
  EXPECT_THAT(server_.Heads().back(), StartsWith("GET /v1/stats?since=x&until=y%20z "));
}

TEST_F(GroupsCommands, StatisticsInJsonAreOneLine) {
  EXPECT_EQ(RunStats({.server = Access(), .filters = {}}, OutputFormat::kJson, terminal_),
            kExitDone);
  EXPECT_EQ(out_.str(), std::string(kStats) + "\n");
}

TEST(BarsTest, TheTallestStandsForTheGreatestAndOnlyNothingForNothing) {
  EXPECT_EQ(Bars({}, 10, false), "");
  EXPECT_EQ(Bars({1, 2}, 0, false), "");
  EXPECT_EQ(Bars({0, 0}, 10, false), "..");
  EXPECT_EQ(Bars({0, 1, 100, 50}, 10, false), "._@=");
  EXPECT_EQ(Bars({0, 1, 100}, 10, true), " \u2581\u2588");
  EXPECT_EQ(Bars({-5, INT64_MAX}, 10, false), ".@");
}

TEST(BarsTest, MoreNumbersThanColumnsAreJoinedTheLastOnesWhole) {
  EXPECT_EQ(Bars({9, 0, 0, 0, 0, 1}, 3, false), "@._");
  EXPECT_EQ(Bars({9, 0, 0, 0, 1}, 3, false), "@._");
  EXPECT_EQ(Bars(std::vector<std::int64_t>(745, 1), 60, false).size(), 58U);
}

}  // namespace
}  // namespace deadletter::cli
