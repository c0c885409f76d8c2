// `replay` and `replays`: their words, and what they print of what a server answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/client_commands.h"
#include "cli/command_line.h"
#include "tests/support/canned_server.h"

namespace deadletter::cli {
namespace {

using test::CannedServer;
using testing::HasSubstr;
using testing::Not;

Result<CommandLine, EarlyExit> ParseReplays(std::vector<const char*> words) {
  words.insert(words.begin(), {"deadletter", "replays"});
  return ParseCommandLine(static_cast<int>(words.size()), words.data());
}

TEST(ReplaysWords, LettersAndWatchAreOfOneReplay) {
  const auto letters =
      ParseReplays({"x", "--letters", "--outcome", "withdrawn", "--cursor", "c", "--limit", "3"});
  ASSERT_TRUE(letters) << letters.error().text;
  const auto& command = std::get<ReplaysCommand>(letters->command);
  EXPECT_EQ(command.action, ReplaysAction::kLetters);
  EXPECT_EQ(command.outcome, "withdrawn");
  EXPECT_EQ(command.cursor, "c");
  EXPECT_EQ(command.limit, 3U);
  const auto watch = ParseReplays({"x", "--watch"});
  ASSERT_TRUE(watch) << watch.error().text;
  EXPECT_EQ(std::get<ReplaysCommand>(watch->command).action, ReplaysAction::kWatch);
  for (const auto& [words, why] :
       {std::pair<std::vector<const char*>, const char*>({"--letters"}, "say which replay"),
        {{"--watch"}, "say which replay"},
        {{"x", "--letters", "--watch"}, "exclude one another"},
        {{"x", "--outcome", "taken"}, "--outcome and --cursor belong to --letters"},
        {{"--cursor", "c"}, "--outcome and --cursor belong to --letters"}}) {
    const auto refused = ParseReplays(words);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr(why));
  }
}

class ReplaysCommands : public ::testing::Test {
 protected:
  std::string Answer(const std::string& head) {
    heads_.push_back(head.substr(0, head.find(" HTTP")));
    if (head.starts_with("POST /v1/replays "))
      return CannedServer::Http(200, "application/json", preview_);
    return CannedServer::Http(200, "application/json", page_);
  }
  std::string Letters(OutputFormat output = OutputFormat::kTable) {
    out_.str("");
    const ReplaysCommand command{.server = {.url = server_.url(), .token = {}, .ca_file = {}},
                                 .id = "r/1",
                                 .action = ReplaysAction::kLetters,
                                 .outcome = "withdrawn",
                                 .cursor = "begin",
                                 .limit = 2};
    EXPECT_EQ(RunReplays(command, output, terminal_), kExitDone);
    return out_.str();
  }
  std::string DryRun() {
    out_.str("");
    const ReplayCommand command{.server = {.url = server_.url(), .token = {}, .ca_file = {}},
                                .request_json = "{}"};
    EXPECT_EQ(RunReplay(command, OutputFormat::kTable, terminal_), kExitDone);
    return out_.str();
  }

  std::vector<std::string> heads_;
  std::string page_ =
      R"({"items":[{"letter":"01a20a4d-ffb4-7000-8225-5c91b40dfbd4","step":"ended",)"
      R"("outcome":"withdrawn","detail":"the execution is \u001b[31mcompleted","execution_id":"7",)"
      R"("claimed_at":null,"sent_at":null,"ended_at":null},)"
      R"({"letter":"01a20a4d-ffb4-7000-8225-5c91b40dfbd5","step":"pending","outcome":null,)"
      R"("detail":null,"execution_id":null,"claimed_at":null,"sent_at":null,"ended_at":null}],)"
      R"("next_cursor":"more"})";
  std::string preview_ = R"({"dry_run":true,"letters":12,"taken":0,"waiting":0,"closed":0,)"
                         R"("groups":[],"unindexed_letters":null})";
  CannedServer server_{[this](const std::string& head) { return Answer(head); }};
  std::ostringstream out_;
  std::ostringstream error_;
  Terminal terminal_{.out = out_, .error = error_, .columns = kAnyColumns};
};

TEST_F(ReplaysCommands, EachLetterIsALineThatSaysHowItEndedAndWhy) {
  const std::string table = Letters();
  EXPECT_THAT(heads_, testing::ElementsAre(
                          "GET /v1/replays/r%2F1/letters?limit=2&outcome=withdrawn&cursor=begin"));
  EXPECT_THAT(table, testing::ContainsRegex("LETTER +ENDED +EXECUTION +DETAIL"));
  EXPECT_THAT(table, testing::ContainsRegex(
                         "01a20a4d-ffb4-7000-8225-5c91b40dfbd4 +withdrawn +7 +the execution is "));
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
  EXPECT_THAT(table, testing::ContainsRegex("01a20a4d-ffb4-7000-8225-5c91b40dfbd5 +pending"));
  EXPECT_THAT(table, HasSubstr("there are more: --limit shows as many as you ask for, and --cursor "
                               "more goes on here\n"));
  const std::string lines = Letters(OutputFormat::kJson);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_THAT(lines, HasSubstr(R"("outcome":"withdrawn")"));
  page_ = R"({"items":[],"next_cursor":null})";
  EXPECT_EQ(Letters(), "no letters\n");
}

TEST_F(ReplaysCommands, ADryRunSaysWhatIsSelectedAndWhatOfItWouldNotBeSent) {
  EXPECT_EQ(DryRun(), "12 letters are selected\n");
  preview_ = R"({"dry_run":true,"letters":12,"taken":3,"waiting":1,"closed":8,"groups":[)"
             R"({"group":"a6f3","queue":null,"letters":12,"sample":"x","to":null,)"
             R"("problem":"it has not died in any queue"}],"unindexed_letters":null})";
  const std::string told = DryRun();
  EXPECT_THAT(told, testing::StartsWith(
                        "12 letters are selected: 3 in another replay, 1 waiting, 8 closed\n"
                        "  what is in another replay or waiting is not sent, "));
  EXPECT_THAT(told, HasSubstr("  12 of group a6f3 that died in no queue\n"
                              "    not to be sent: it has not died in any queue\n"));
}

}  // namespace
}  // namespace deadletter::cli
