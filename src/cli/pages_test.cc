// Lists that the server gives in pieces of the time that they take.
#include "cli/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/client_commands.h"
#include "tests/support/canned_server.h"

namespace deadletter::cli {
namespace {

using test::CannedServer;

TEST(Pages, ASearchThatTookTooLongIsLookedOnWith) {
  std::vector<std::string> answers = {
      R"({"items":[],"next_cursor":"a","unindexed_letters":3,"looked_to":"2026-11-23T19:57:03Z"})",
      R"({"items":[],"next_cursor":"b","unindexed_letters":3,"looked_to":"2026-11-22T19:57:03Z"})",
      R"({"items":[],"next_cursor":null,"unindexed_letters":2,"looked_to":null})"};
  std::size_t answered = 0;
  const CannedServer server([&](const std::string&) {
    return CannedServer::Http(200, "application/json", answers.at(answered++));
  });
  std::ostringstream out;
  std::ostringstream error;
  EXPECT_EQ(RunList({.server = {.url = server.url(), .token = {}, .ca_file = {}},
                     .filters = {{"q", "two words"}}},
                    OutputFormat::kTable, {.out = out, .error = error}),
            kExitDone);
  EXPECT_EQ(answered, 3U);
  EXPECT_THAT(server.Heads().front(), testing::HasSubstr("q=two%20words"));
  EXPECT_EQ(out.str(), "no letters\n");
  EXPECT_EQ(error.str(),
            "deadletter: 2 letters are not indexed yet, and not found by their words: ask again "
            "later\n");
}

TEST(Pages, ASearchThatGetsNoFurtherIsNotFollowedForEver) {
  const CannedServer server([](const std::string&) {
    return CannedServer::Http(
        200, "application/json",
        R"({"items":[],"next_cursor":"again","unindexed_letters":0,"looked_to":"same"})");
  });
  std::ostringstream out;
  std::ostringstream error;
  EXPECT_EQ(RunList({.server = {.url = server.url(), .token = {}, .ca_file = {}}, .filters = {}},
                    OutputFormat::kTable, {.out = out, .error = error}),
            kExitDone);
  EXPECT_EQ(server.Heads().size(), 2U);
  EXPECT_THAT(error.str(), testing::HasSubstr("only letters received since same were looked at"));
}

// P9: an empty page is not the end, one that is cut short is not full, and --limit is all that is
// asked for.
TEST(Pages, AListThatTookTooLongIsLookedOnWithUntilThereIsEnough) {
  constexpr const char* kLetter = R"({"id":"01980000-0000-0000-0000-000000000001"})";
  const auto page = [&](int letters, const std::string& cursor, const std::string& looked_to) {
    std::string items;
    for (int number = 0; number < letters; ++number)
      items += (items.empty() ? "" : ",") + std::string(kLetter);
    return R"({"items":[)" + items + R"(],"next_cursor":)" + cursor +
           R"(,"unindexed_letters":null,"looked_to":)" + looked_to + "}";
  };
  // The second time is the same, to the millisecond: only the cursor tells that it went on.
  std::vector<std::string> answers = {page(1, R"("a")", R"("2026-11-23T19:57:03Z")"),
                                      page(0, R"("b")", R"("2026-11-23T19:57:02Z")"),
                                      page(0, R"("c")", R"("2026-11-23T19:57:02Z")"),
                                      page(2, R"("d")", "null")};
  std::size_t answered = 0;
  const CannedServer server([&](const std::string&) {
    return CannedServer::Http(200, "application/json", answers.at(answered++));
  });
  std::ostringstream out;
  std::ostringstream error;
  EXPECT_EQ(RunList({.server = {.url = server.url(), .token = {}, .ca_file = {}},
                     .filters = {{"worker_id", "7"}},
                     .limit = 3},
                    OutputFormat::kJson, {.out = out, .error = error}),
            kExitDone);
  EXPECT_EQ(answered, 4U);
  EXPECT_EQ(std::ranges::count(out.str(), '\n'), 3);
  EXPECT_EQ(error.str(), "");
  EXPECT_THAT(server.Heads().back(), testing::HasSubstr("limit=2&worker_id=7&cursor=c"));
}

TEST(Pages, WhatWasLookedAtIsToldWhereTheServerFailsMeanwhile) {
  int answered = 0;
  const CannedServer server([&](const std::string&) {
    if (answered++ > 0) {
      return CannedServer::Http(503, "application/problem+json",
                                R"({"status":503,"detail":"the ledger does not answer"})");
    }
    return CannedServer::Http(200, "application/json",
                              R"({"items":[],"next_cursor":"a","unindexed_letters":null,)"
                              R"("looked_to":"2026-11-23T19:57:03Z"})");
  });
  std::ostringstream out;
  std::ostringstream error;
  EXPECT_EQ(RunList({.server = {.url = server.url(), .token = {}, .ca_file = {}}, .filters = {}},
                    OutputFormat::kTable, {.out = out, .error = error}),
            kExitFailed);
  EXPECT_THAT(error.str(), testing::AllOf(testing::HasSubstr("the ledger does not answer"),
                                          testing::HasSubstr("since 2026-11-23T19:57:03Z")));
}

}  // namespace
}  // namespace deadletter::cli
