// Who may make, steer and see replays, and what of it is written down (P8): with tokens, through
// the command line as people use it.
#pragma once

#include <fstream>

#include "tests/folders.h"
#include "tests/replay/replay_world.h"

namespace deadletter::test {

class ReplayingPeople : public testing::TestWithParam<PairFactory> {
 protected:
  static constexpr const char* kProgram = DEADLETTER_BINARY_DIR "/deadletter";

  ReplayingPeople() : replays_(GetParam()) {
    for (const auto& [name, role] :
         {std::pair("vera", "viewer"), std::pair("otto", "operator"), std::pair("anna", "admin")}) {
      const Finished made = RunProgram({kProgram, "token", "new", "--tokens-file", tokens_file(),
                                        "--name", name, "--role", role},
                                       {.environment = {}, .folder = world_.folder()});
      EXPECT_EQ(made.status, 0) << made.output;
      tokens_[name] = made.standard_output.substr(0, made.standard_output.find('\n'));
    }
  }

  [[nodiscard]] std::string tokens_file() const { return world_.folder() + "/tokens"; }
  [[nodiscard]] Server Serve() {
    return world_.Serve({{"DEADLETTER_AUTH_TOKENS_FILE", tokens_file()}});
  }
  [[nodiscard]] Finished Run(Server& server, const std::string& who,
                             std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), kProgram);
    return RunProgram(std::move(arguments), {.environment = {{"DEADLETTER_SERVER", server.url()},
                                                             {"DEADLETTER_TOKEN", tokens_.at(who)}},
                                             .folder = {}});
  }
  // The objects of `--output json`, one a line.
  [[nodiscard]] static std::vector<boost::json::value> Lines(const Finished& finished) {
    EXPECT_EQ(finished.status, 0) << finished.output;
    std::vector<boost::json::value> values;
    std::istringstream lines(finished.standard_output);
    for (std::string line; std::getline(lines, line);) values.push_back(boost::json::parse(line));
    return values;
  }
  // Top-level keys stand before the first section.
  void Redact(const std::string& places) {
    std::ifstream read(world_.config_file());
    const std::string toml((std::istreambuf_iterator<char>(read)), {});
    std::ofstream(world_.config_file()) << "redact = [" << places << "]\n" << toml;
  }

  ReplayWorld replays_;
  World& world_ = replays_.world();
  std::map<std::string, std::string> tokens_;
};

TEST_P(ReplayingPeople, P8_WhoMakesAndSteersAReplayIsWrittenDownAndAViewerMayDoNeither) {
  Server server = Serve();
  replays_.Fail(1, 3);
  const Finished refused = Run(server, "vera", {"replay", "--outcome", "failed"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, testing::HasSubstr("this needs the role operator"));

  // One message in a thousand seconds: the first goes, the others wait.
  const auto made = Lines(
      Run(server, "otto",
          {"replay", "--outcome", "failed", "--rate-per-second", "0.001", "--output", "json"}));
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].at("made_by"), "otto");
  const std::string replay(made[0].at("id").as_string());
  const auto leases = replays_.Take(1);
  EXPECT_EQ(Run(server, "vera", {"replays", replay, "--pause"}).status, 1);
  EXPECT_EQ(Run(server, "otto", {"replays", replay, "--pause"}).status, 0);
  const Finished shown = Run(server, "vera", {"replays", replay});
  EXPECT_THAT(shown.output, testing::HasSubstr("state      paused"));
  EXPECT_THAT(shown.output, testing::HasSubstr("by otto"));
  EXPECT_EQ(Run(server, "anna", {"replays", replay, "--resume"}).status, 0);
  const Finished again = Run(server, "anna", {"replays", replay, "--resume"});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(again.output, "deadletter: the replay is running\n");
  EXPECT_EQ(Run(server, "anna", {"replays", replay, "--cancel"}).status, 0);
  replays_.Complete(leases);
  EXPECT_EQ(Lines(Run(server, "vera", {"replays", "--output", "json"})).size(), 1u);

  std::vector<std::string> acts;
  for (const boost::json::value& act :
       Lines(Run(server, "anna", {"audit", "--subject", replay, "--output", "json"}))) {
    acts.push_back(std::string(act.at("who").as_string()) + " " +
                   std::string(act.at("what").as_string()) + " " +
                   std::to_string(act.at("letters").as_int64()));
  }
  EXPECT_THAT(acts, testing::ElementsAre("anna cancel 2", "anna resume 2", "otto pause 2",
                                         "otto replay 3"));
  const auto first = Lines(Run(server, "anna", {"audit", "--what", "replay", "--output", "json"}));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].at("detail"), R"({"filter":{"outcome":"failed"}})");
  EXPECT_EQ(first[0].at("outcome"), "done");
}

TEST_P(ReplayingPeople, P8_WhatIsRedactedIsInNoReplayEither) {
  Redact("'/payload/execution_id'");
  Server server = Serve();
  replays_.Fail(4178263, 4178263);
  const Finished guessed = Run(server, "otto", {"replay", "--execution-id", "4178263"});
  EXPECT_EQ(guessed.status, 1);
  EXPECT_THAT(guessed.output, testing::HasSubstr("execution_id is redacted"));
  const auto made =
      Lines(Run(server, "anna", {"replay", "--execution-id", "4178263", "--output", "json"}));
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].at("selection").at("filter").at("execution_id"), "***");
  const std::string replay(made[0].at("id").as_string());
  replays_.Complete(replays_.Take(1));
  ASSERT_TRUE(WaitUntil([&] {
    return Lines(Run(server, "vera", {"replays", replay, "--output", "json"})).at(0).at("state") ==
           boost::json::value("done");
  }));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"replays", "--output", "json"},
        {"replays", replay, "--output", "json"},
        {"replays", replay},
        {"audit", "--output", "json"}}) {
    EXPECT_THAT(Run(server, "anna", command).output, testing::Not(testing::HasSubstr("4178263")))
        << command.front();
  }
}

TEST_P(ReplayingPeople, P8_AnEditBringsNothingToLightThatIsRedacted) {
  Redact("'/payload/config/password'");
  Server server = Serve();
  replays_.Fail(1, 1, R"(,"config":{"password":"S3cret","host":"db1"})");
  const auto replay = [&](const std::string& who, const std::string& patch,
                          std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"replay", "--outcome", "failed", "--edit",
                                      R"({"body":[)" + patch + "]}"};
    words.insert(words.end(), more.begin(), more.end());
    return Run(server, who, words);
  };
  for (const char* patch : {R"({"op":"test","path":"/payload/config/password","value":"S3cret"})",
                            R"({"op":"test","path":"/payload/config","value":{}})",
                            R"({"op":"copy","from":"/payload/config/password","path":"/x"})",
                            R"({"op":"move","from":"/payload","path":"/x"})",
                            R"({"op":"remove","path":"/payload/config/password/x"})",
                            R"({"op":"add","path":"/payload/config/password","value":1})"}) {
    const Finished refused = replay("otto", patch, {"--dry-run"});
    EXPECT_EQ(refused.status, 1) << patch;
    EXPECT_THAT(refused.output, testing::HasSubstr("is redacted: only an admin")) << patch;
  }
  const Finished dry = replay("anna",
                              R"({"op":"replace","path":"/payload/config/host","value":"db2"},)"
                              R"({"op":"replace","path":"/payload/config/password","value":"N3w"})",
                              {"--dry-run"});
  EXPECT_EQ(dry.status, 0) << dry.output;
  EXPECT_THAT(dry.output,
              testing::HasSubstr("    replace /payload/config/host: \"db1\" -> \"db2\"\n"));
  EXPECT_THAT(dry.output,
              testing::HasSubstr("    replace /payload/config/password: \"***\" -> \"N3w\"\n"));
  const auto made =
      Lines(replay("anna", R"({"op":"replace","path":"/payload/config/password","value":"N3w"})",
                   {"--output", "json"}));
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].at("edit").at("body").at(0).at("value"), "***");
  const auto leases = replays_.Take(1);
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_THAT(leases[0].delivery.message.body, testing::HasSubstr(R"("password":"N3w")"));
  replays_.Complete(leases);
  EXPECT_THAT(server.process().output(), testing::Not(testing::HasSubstr("S3cret")));
}

TEST_P(ReplayingPeople, WhatHoldsALetterAndHowItEndedIsToldWithoutARequestByHand) {
  Server server = Serve();
  replays_.Fail(1, 2);
  const std::string letter = FormatUuid(world_.Letters().back().id.value());
  const auto made = Lines(
      Run(server, "otto",
          {"replay", "--outcome", "failed", "--rate-per-second", "0.001", "--output", "json"}));
  ASSERT_EQ(made.size(), 1u);
  const std::string replay(made[0].at("id").as_string());
  const auto leases = replays_.Take(1);
  const auto held = [&] {
    return Lines(Run(server, "vera", {"show", letter, "--output", "json"})).at(0).at("in_replay");
  };
  EXPECT_EQ(held(), boost::json::value(replay));
  EXPECT_THAT(Run(server, "vera", {"show", letter}).output,
              testing::ContainsRegex("in replay +" + replay));
  const Finished dry = Run(server, "otto", {"replay", "--outcome", "failed", "--dry-run"});
  EXPECT_THAT(dry.output, testing::StartsWith("2 letters are selected: 2 in another replay\n"));
  const Finished refused = Run(server, "otto", {"replay", "--outcome", "failed"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, testing::HasSubstr("has not ended with it: " + replay + ";"));

  EXPECT_EQ(Run(server, "otto", {"replays", replay, "--cancel"}).status, 0);
  std::jthread worker([&] { replays_.Complete(leases); });
  const Finished watched = Run(server, "vera", {"replays", replay, "--watch"});
  EXPECT_EQ(watched.status, 1) << "not all have succeeded";
  EXPECT_THAT(watched.output, testing::HasSubstr("2 of 2 ended, 0 awaiting; succeeded 1, "));
  EXPECT_TRUE(held().is_null());
  const Finished letters =
      Run(server, "vera", {"replays", replay, "--letters", "--outcome", "withdrawn"});
  EXPECT_EQ(letters.status, 0) << letters.output;
  EXPECT_THAT(letters.output, testing::ContainsRegex("withdrawn +[12] +the replay was cancelled"));
  EXPECT_EQ(Lines(Run(server, "vera", {"replays", replay, "--letters", "--output", "json"})).size(),
            2u);
}

// Each body is its own: one of them has something there that the edit would move to where it is
// seen.
TEST_P(ReplayingPeople, P8_ALetterWhoseSecretAnEditWouldMoveIsWithdrawnAndTheOthersGo) {
  Redact("'/payload/list/1'");
  Server server = Serve();
  replays_.Fail(1, 1, R"(,"list":["a","S3cret"])");
  replays_.Fail(2, 2, R"(,"list":["a"])");
  const std::string edit = R"({"body":[{"op":"remove","path":"/payload/list/0"}]})";
  const char* const why =
      "operation 0 of the edit: at '/payload/list/0' it would touch or move what is redacted: only "
      "an admin may do that";
  const Finished dry =
      Run(server, "otto", {"replay", "--execution-id", "1", "--edit", edit, "--dry-run"});
  EXPECT_THAT(dry.output, testing::HasSubstr(why));
  const auto made = Lines(
      Run(server, "otto", {"replay", "--outcome", "failed", "--edit", edit, "--output", "json"}));
  ASSERT_EQ(made.size(), 1u);
  const std::string replay(made[0].at("id").as_string());
  const auto leases = replays_.Take(1);
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_THAT(leases[0].delivery.message.body, testing::HasSubstr(R"("list":[])"));
  replays_.Complete(leases);
  boost::json::value shown;
  ASSERT_TRUE(WaitUntil([&] {
    shown = Lines(Run(server, "vera", {"replays", replay, "--output", "json"})).at(0);
    return shown.at("state") == boost::json::value("done");
  }));
  EXPECT_EQ(shown.at("counts").at("withdrawn"), 1);
  EXPECT_EQ(shown.at("counts").at("succeeded"), 1);

  // Whoever may see it may move it.
  EXPECT_EQ(Run(server, "anna", {"replay", "--execution-id", "1", "--edit", edit}).status, 0);
  const auto moved = replays_.Take(1);
  ASSERT_EQ(moved.size(), 1u);
  EXPECT_THAT(moved[0].delivery.message.body, testing::HasSubstr(R"("list":["S3cret"])"));
  replays_.Complete(moved);
}

TEST_P(ReplayingPeople, WatchingAReplayShowsHowFarItIsAndEndsWithIt) {
  Server server = Serve();
  replays_.Fail(1, 2);
  const Finished dry = Run(server, "otto", {"replay", "--outcome", "failed", "--dry-run"});
  EXPECT_EQ(dry.status, 0);
  EXPECT_THAT(dry.output, testing::StartsWith("2 letters are selected\n"));
  EXPECT_THAT(dry.output, testing::HasSubstr("to attune.executions with execution.dispatch"));
  std::jthread worker([&] { replays_.Complete(replays_.Take(2)); });
  const Finished watched = Run(server, "otto", {"replay", "--outcome", "failed", "--watch"});
  EXPECT_EQ(watched.status, 0) << watched.output;
  EXPECT_THAT(watched.output, testing::HasSubstr("2 of 2 ended, 0 awaiting; succeeded 2\n"));
  EXPECT_THAT(watched.output, testing::HasSubstr("state      done"));
  const Finished none = Run(server, "otto", {"replay", "--state", "open"});
  EXPECT_EQ(none.status, 2);
  EXPECT_EQ(none.output, "deadletter: no letter is selected by that\n");
}

}  // namespace deadletter::test
