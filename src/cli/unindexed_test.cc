// What every command that takes --q says of letters that no search finds yet: on standard error,
// whatever the output is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/client_commands.h"
#include "tests/support/canned_server.h"

namespace deadletter::cli {
namespace {

using test::CannedServer;
using ::testing::HasSubstr;
using ::testing::Not;

class Unindexed : public ::testing::TestWithParam<OutputFormat> {
 protected:
  // Three letters are not indexed.
  static std::string AnswerTo(const std::string& head) {
    const auto json = [](const std::string& body) {
      return CannedServer::Http(200, "application/json", body);
    };
    const bool asks_for_words = head.find("q=host") != std::string::npos;
    if (head.find("/v1/letters?") != std::string::npos) {
      return json(R"({"items":[],"next_cursor":null,"looked_to":null,"unindexed_letters":)" +
                  std::string(asks_for_words ? "3}" : "null}"));
    }
    if (head.find("/v1/export?") != std::string::npos)
      return CannedServer::Http(200, "application/x-ndjson", "{}\n");
    if (head.find("/v1/discards") != std::string::npos) {
      return json(R"({"dry_run":true,"id":null,"letters":1,"discarded":1,"taken":0,"waiting":0,)"
                  R"("closed":0,"unindexed_letters":3})");
    }
    return json(R"({"dry_run":true,"letters":1,"taken":0,"groups":[],"unindexed_letters":3})");
  }
  void ExpectToldOnce() {
    EXPECT_EQ(errors_.str(),
              "deadletter: 3 letters are not indexed yet, and not found by their words: ask again "
              "later\n");
    EXPECT_THAT(out_.str(), Not(HasSubstr("not indexed")));
  }
  [[nodiscard]] ServerAccess access() const {
    return {.url = server_.url(), .token = {}, .ca_file = {}};
  }

  std::ostringstream out_;
  std::ostringstream errors_;
  Terminal terminal_{.out = out_, .error = errors_};
  CannedServer server_{AnswerTo};
};

TEST_P(Unindexed, LettersAreToldOfByAList) {
  EXPECT_EQ(RunList({.server = access(), .filters = {{"q", "host"}}}, GetParam(), terminal_),
            kExitDone);
  ExpectToldOnce();
}

TEST_P(Unindexed, LettersAreToldOfByADiscard) {
  EXPECT_EQ(RunDiscard({.server = access(), .request_json = "{}"}, GetParam(), terminal_),
            kExitDone);
  ExpectToldOnce();
}

TEST_P(Unindexed, LettersAreToldOfByAReplay) {
  EXPECT_EQ(
      RunReplay({.server = access(), .request_json = "{}", .watch = false}, GetParam(), terminal_),
      kExitDone);
  ExpectToldOnce();
}

TEST_P(Unindexed, LettersAreToldOfByAnExport) {
  EXPECT_EQ(RunExport({.server = access(), .filters = {{"q", "host"}}}, terminal_), kExitDone);
  EXPECT_EQ(out_.str(), "{}\n");
  ExpectToldOnce();
}

TEST_P(Unindexed, LettersAreNobodysBusinessWhereNoWordIsAskedFor) {
  EXPECT_EQ(RunExport({.server = access(), .filters = {{"state", "open"}}}, terminal_), kExitDone);
  EXPECT_EQ(errors_.str(), "");
}

INSTANTIATE_TEST_SUITE_P(Outputs, Unindexed,
                         testing::Values(OutputFormat::kTable, OutputFormat::kJson),
                         [](const auto& each) {
                           return each.param == OutputFormat::kJson ? "Json" : "Table";
                         });

}  // namespace
}  // namespace deadletter::cli
