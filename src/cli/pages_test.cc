// Lists of searches, which may have to be looked on with.
#include "cli/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
}

}  // namespace
}  // namespace deadletter::cli
