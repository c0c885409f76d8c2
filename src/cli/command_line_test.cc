#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

namespace deadletter::cli {
namespace {

using Words = std::vector<std::string>;

Result<CommandLine, EarlyExit> Parse(const Words& words) {
  std::vector<const char*> arguments = {"deadletter"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

template <class Chosen>
Chosen Parsed(const Words& words) {
  const auto line = Parse(words);
  EXPECT_TRUE(line) << line.error().text;
  return line ? std::get<Chosen>(line->command) : Chosen{};
}

const std::vector<Words> kCommands = {{"serve"},
                                      {"demo"},
                                      {"migrate"},
                                      {"submit", "--queue", "q", "--action", "a"},
                                      {"topology", "apply"},
                                      {"topology", "check"},
                                      {"doctor"},
                                      {"bench"},
                                      {"config", "check"},
                                      {"token", "new", "--name", "n", "--role", "viewer"},
                                      {"version"},
                                      {"list"},
                                      {"show", "x"},
                                      {"note", "x", "--text", "t"},
                                      {"tag", "x", "--add", "t"},
                                      {"audit"},
                                      {"groups"},
                                      {"mute", "x", "--off"},
                                      {"stats"}};

const std::set<std::string> kAskAServer = {"list",  "show",   "note", "tag",
                                           "audit", "groups", "mute", "stats"};

Words With(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(CommandLine, EveryCommandHasHelpConfigAndOutput) {
  for (const Words& command : kCommands) {
    const auto line = Parse(With(command, {"--config", "file.toml", "--output", "json"}));
    ASSERT_TRUE(line) << line.error().text;
    EXPECT_EQ(line->config.config_file, "file.toml");
    EXPECT_EQ(line->output, OutputFormat::kJson);
    EXPECT_EQ(Parse(command)->output, OutputFormat::kTable);
    const auto help = Parse(With(command, {"--help"}));
    ASSERT_FALSE(help);
    EXPECT_EQ(help.error().status, kExitDone);
    EXPECT_NE(help.error().text.find("--config"), std::string::npos) << help.error().text;
  }
}

TEST(CommandLine, HelpNamesEveryCommand) {
  const auto help = Parse({"--help"});
  ASSERT_FALSE(help);
  EXPECT_EQ(help.error().status, kExitDone);
  for (const Words& command : kCommands) {
    EXPECT_NE(help.error().text.find("\n  " + command.front()), std::string::npos)
        << command.front();
  }
}

TEST(CommandLine, TheVersionIsAFlagToo) {
  const auto version = Parse({"--version"});
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().status, kExitDone);
  EXPECT_EQ(version.error().text, "deadletter " DEADLETTER_VERSION "\n");
}

TEST(CommandLine, LocalCommandsTakeWhatOverridesTheConfiguration) {
  for (const Words& command : kCommands) {
    const bool is_local =
        !kAskAServer.contains(command[0]) && command[0] != "token" && command[0] != "version";
    const auto line = Parse(With(command, {"--embedded", "--broker-url", "embedded:q",
                                           "--ledger-url", "sqlite:l", "--data-dir", "d"}));
    ASSERT_EQ(line.has_value(), is_local) << command[0];
    if (!is_local) continue;
    EXPECT_TRUE(line->config.embedded);
    EXPECT_EQ(line->config.broker_url, "embedded:q");
    EXPECT_EQ(line->config.ledger_url, "sqlite:l");
    EXPECT_EQ(line->config.data_dir, "d");
  }
  EXPECT_EQ(Parse({"serve", "--listen", "127.0.0.1:1"})->config.listen, "127.0.0.1:1");
  EXPECT_FALSE(Parse({"migrate", "--listen", "127.0.0.1:1"}));
}

TEST(CommandLine, EachCommandIsItself) {
  (void)Parsed<ServeCommand>({"serve"});
  (void)Parsed<DemoCommand>({"demo"});
  (void)Parsed<VersionCommand>({"version"});
  (void)Parsed<ConfigCheckCommand>({"config", "check"});
  EXPECT_FALSE(Parsed<MigrateCommand>({"migrate"}).print);
  EXPECT_TRUE(Parsed<MigrateCommand>({"migrate", "--print"}).print);
  EXPECT_EQ(Parsed<TopologyCommand>({"topology", "apply"}).action, TopologyAction::kApply);
  EXPECT_EQ(Parsed<TopologyCommand>({"topology", "check"}).action, TopologyAction::kCheck);
}

TEST(CommandLine, AMuteIsForATimeOrIsTakenBack) {
  EXPECT_EQ(Parsed<MuteCommand>({"mute", "g", "--for", "2h"}).seconds, 7'200);
  EXPECT_EQ(Parsed<MuteCommand>({"mute", "g", "--for", "7d"}).group, "g");
  EXPECT_EQ(Parsed<MuteCommand>({"mute", "g", "--off"}).seconds, 0);
  for (const Words& words :
       {Words{"mute", "g"}, Words{"mute", "--off"}, Words{"mute", "g", "--for", "2h", "--off"},
        Words{"mute", "g", "--for", "soon"}, Words{"mute", "g", "--for", "0"},
        Words{"mute", "g", "--for", "10ms"}}) {
    const auto line = Parse(words);
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().status, kExitUsage);
  }
}

TEST(CommandLine, GroupsAndStatisticsTakeTheFiltersOfTheApi) {
  using Filters = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(
      Parsed<GroupsCommand>({"groups", "--type", "t", "--action", "a", "--reason", "r", "--queue",
                             "q", "--since", "s", "--muted", "false", "--order", "letters"})
          .filters,
      (Filters{{"type", "t"},
               {"action", "a"},
               {"reason", "r"},
               {"queue", "q"},
               {"since", "s"},
               {"muted", "false"},
               {"order", "letters"}}));
  EXPECT_EQ(Parsed<GroupsCommand>({"groups", "--limit", "5"}).limit, 5U);
  EXPECT_EQ(Parsed<StatsCommand>({"stats", "--since", "s", "--until", "u"}).filters,
            (Filters{{"since", "s"}, {"until", "u"}}));
}

TEST(CommandLine, ATokenHasANameAndARole) {
  const auto token = Parsed<TokenNewCommand>({"token", "new", "--name", "ci", "--role", "admin"});
  EXPECT_EQ(token.name, "ci");
  EXPECT_EQ(token.role, "admin");
  EXPECT_EQ(token.tokens_file, std::nullopt);
  EXPECT_EQ(Parsed<TokenNewCommand>(
                {"token", "new", "--name", "a", "--role", "viewer", "--tokens-file", "f"})
                .tokens_file,
            "f");
  for (const Words& words : {Words{"token", "new", "--name", "a"}, Words{"token", "new"},
                             Words{"token", "new", "--name", "a", "--role", "root"}}) {
    const auto line = Parse(words);
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().status, kExitUsage);
  }
}

TEST(CommandLine, ANoteHasALetterAndAText) {
  const auto note = Parsed<NoteCommand>({"note", "x", "--text", "looked at it"});
  EXPECT_EQ(note.id, "x");
  EXPECT_EQ(note.text, "looked at it");
  EXPECT_FALSE(Parse({"note", "x"}));
  EXPECT_FALSE(Parse({"note", "--text", "t"}));
}

TEST(CommandLine, TagsAreAddedAndRemovedSeveralAtOnce) {
  const auto tag = Parsed<TagCommand>({"tag", "x", "--add", "a", "--remove", "c", "--add", "b"});
  EXPECT_EQ(tag.id, "x");
  EXPECT_EQ(tag.add, (Words{"a", "b"}));
  EXPECT_EQ(tag.remove, Words{"c"});
  const auto none = Parse({"tag", "x"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().status, kExitUsage);
  EXPECT_NE(none.error().text.find("--add or --remove must name a tag"), std::string::npos);
}

TEST(CommandLine, TheAuditHasTheFiltersOfTheApi) {
  const auto audit = Parsed<AuditCommand>({"audit", "--who", "w", "--what", "note", "--subject",
                                           "s", "--since", "t", "--until", "u", "--limit", "5"});
  using Filters = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(
      audit.filters,
      (Filters{{"who", "w"}, {"what", "note"}, {"subject", "s"}, {"since", "t"}, {"until", "u"}}));
  EXPECT_EQ(audit.limit, 5U);
  EXPECT_FALSE(Parse({"audit", "--state", "open"}));
}

TEST(CommandLine, RevealingMustBeSaid) {
  EXPECT_FALSE(Parsed<ShowCommand>({"show", "x"}).reveal);
  EXPECT_TRUE(Parsed<ShowCommand>({"show", "x", "--reveal"}).reveal);
}

TEST(CommandLine, ExplainTakesAnExecution) {
  EXPECT_EQ(Parsed<ExplainCommand>({"explain", "4711"}).execution_id, "4711");
  EXPECT_FALSE(Parse({"explain"}));
}

TEST(CommandLine, SubmitHasDefaults) {
  const auto submit = Parsed<SubmitCommand>({"submit", "--queue", "q", "--action", "core.echo"});
  EXPECT_EQ(submit.queue, "q");
  EXPECT_EQ(submit.action, "core.echo");
  EXPECT_EQ(submit.payload_json, "{}");
  EXPECT_EQ(submit.ttl, std::nullopt);
  EXPECT_EQ(submit.count, 1U);
  EXPECT_EQ(submit.worker_id, std::nullopt);
}

TEST(CommandLine, SubmitTakesEverything) {
  const auto submit =
      Parsed<SubmitCommand>({"submit", "--queue", "q", "--action", "a", "--payload", R"({"x":-1})",
                             "--ttl", "5m", "--count", "100000", "--worker", "7"});
  EXPECT_EQ(submit.payload_json, R"({"x":-1})");
  EXPECT_EQ(submit.ttl, std::chrono::minutes(5));
  EXPECT_EQ(submit.count, 100'000U);
  EXPECT_EQ(submit.worker_id, "7");
}

TEST(CommandLine, ListTakesEveryFilterOfTheApi) {
  const auto list = Parsed<ListCommand>({"list",
                                         "--state",
                                         "open",
                                         "--outcome",
                                         "failed",
                                         "--reason",
                                         "expired",
                                         "--queue",
                                         "q",
                                         "--type",
                                         "t",
                                         "--action",
                                         "a",
                                         "--execution-id",
                                         "-5",
                                         "--worker-id",
                                         "7",
                                         "--group",
                                         "ff",
                                         "--tag",
                                         "bad",
                                         "--since",
                                         "2026-11-23T00:00:00Z",
                                         "--until",
                                         "2026-11-24T00:00:00Z",
                                         "--limit",
                                         "2500"});
  EXPECT_EQ(list.filters,
            (std::vector<std::pair<std::string, std::string>>{{"state", "open"},
                                                              {"outcome", "failed"},
                                                              {"reason", "expired"},
                                                              {"queue", "q"},
                                                              {"type", "t"},
                                                              {"action", "a"},
                                                              {"execution_id", "-5"},
                                                              {"worker_id", "7"},
                                                              {"group", "ff"},
                                                              {"tag", "bad"},
                                                              {"since", "2026-11-23T00:00:00Z"},
                                                              {"until", "2026-11-24T00:00:00Z"}}));
  EXPECT_EQ(list.limit, 2500U);
}

TEST(CommandLine, AFilterMayBeEmpty) {
  const std::vector<std::pair<std::string, std::string>> filters = {{"queue", ""}};
  EXPECT_EQ(Parsed<ListCommand>({"list", "--queue", ""}).filters, filters);
}

TEST(CommandLine, TheServerIsAFlagElseTheEnvironmentElseLocal) {
  unsetenv("DEADLETTER_SERVER");
  unsetenv("DEADLETTER_TOKEN");
  EXPECT_EQ(Parsed<ListCommand>({"list"}).server.url, "http://127.0.0.1:8025");
  EXPECT_EQ(Parsed<ListCommand>({"list"}).server.token, std::nullopt);
  EXPECT_EQ(Parsed<ListCommand>({"list"}).limit, 100U);
  setenv("DEADLETTER_SERVER", "http://localhost:1", 1);
  setenv("DEADLETTER_TOKEN", "secret", 1);
  const auto show = Parsed<ShowCommand>({"show", "x"});
  EXPECT_EQ(show.id, "x");
  EXPECT_EQ(show.server.url, "http://localhost:1");
  EXPECT_EQ(show.server.token, "secret");
  EXPECT_EQ(Parsed<ListCommand>({"list", "--server", "http://localhost:2"}).server.url,
            "http://localhost:2");
  unsetenv("DEADLETTER_SERVER");
  unsetenv("DEADLETTER_TOKEN");
}

TEST(CommandLine, AReplayIsAskedForAsTheServerTakesIt) {
  const auto replay = Parsed<ReplayCommand>({"replay",
                                             "--reason",
                                             "expired",
                                             "--tag",
                                             "mended",
                                             "--rate-per-second",
                                             "2.5",
                                             "--ramp",
                                             "--failed-again-percent",
                                             "0",
                                             "--queue-messages",
                                             "9",
                                             "--edit",
                                             R"({"body": 123456789012345678901234567890})",
                                             "--answer-within-seconds",
                                             "60",
                                             "--redirect-exchange",
                                             "",
                                             "--redirect-routing-key",
                                             "q",
                                             "--watch"});
  EXPECT_EQ(replay.request_json,
            R"({"filter":{"reason":"expired","tag":"mended"},)"
            R"("redirect":{"exchange":"","routing_key":"q"},"rate_per_second":2.5E0,"ramp":true,)"
            R"("stop_when":{"failed_again_percent":0,"queue_messages":9},)"
            R"("answer_within_seconds":60,"edit":{"body": 123456789012345678901234567890}})");
  EXPECT_TRUE(replay.watch);
  const auto dry = Parsed<ReplayCommand>({"replay", "a", "b", "--dry-run", "--watch"});
  EXPECT_EQ(dry.request_json, R"({"ids":["a","b"],"dry_run":true})");
  EXPECT_FALSE(dry.watch);
  EXPECT_EQ(Parsed<ReplaysCommand>({"replays"}).action, ReplaysAction::kShow);
  EXPECT_EQ(Parsed<ReplaysCommand>({"replays", "--limit", "3"}).limit, 3U);
  const auto paused = Parsed<ReplaysCommand>({"replays", "x", "--pause"});
  EXPECT_EQ(paused.id, "x");
  EXPECT_EQ(paused.action, ReplaysAction::kPause);
  EXPECT_EQ(Parsed<ReplaysCommand>({"replays", "x", "--resume"}).action, ReplaysAction::kResume);
  EXPECT_EQ(Parsed<ReplaysCommand>({"replays", "x", "--cancel"}).action, ReplaysAction::kCancel);
}

TEST(CommandLine, ThePolicysTestSaysHowFarBackItLooks) {
  EXPECT_EQ(Parsed<PolicyTestCommand>({"policy", "test"}).since, std::chrono::hours(7 * 24));
  const auto test = Parsed<PolicyTestCommand>({"policy", "test", "--since", "30m", "--limit", "5"});
  EXPECT_EQ(test.since, std::chrono::minutes(30));
  EXPECT_EQ(test.limit, 5U);
  EXPECT_TRUE(test.filters.empty());
  using ::testing::Pair;
  EXPECT_THAT(
      Parsed<PolicyTestCommand>({"policy", "test", "--worker-id", "7", "--q", "db 7"}).filters,
      ::testing::ElementsAre(Pair("worker_id", "7"), Pair("q", "db 7")));
}

TEST(CommandLine, ADiscardAndAnExportSayWhichLetters) {
  EXPECT_EQ(Parsed<DiscardCommand>({"discard", "--group", "x", "--why", "a \"b\"", "--dry-run"})
                .request_json,
            R"({"filter":{"group":"x"},"why":"a \"b\"","dry_run":true})");
  EXPECT_EQ(Parsed<DiscardCommand>({"discard", "a", "b"}).request_json, R"({"ids":["a","b"]})");
  const auto exported = Parsed<ExportCommand>({"export", "--state", "open"});
  EXPECT_THAT(exported.filters, ::testing::ElementsAre(::testing::Pair("state", "open")));
}

struct Mistake {
  Words words;
  std::string text;
};

class Mistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreOneLineThatSaysWhatToDo) {
  const auto line = Parse(GetParam().words);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().status, kExitUsage);
  EXPECT_EQ(line.error().text, GetParam().text + "\n");
  EXPECT_EQ(std::count(line.error().text.begin(), line.error().text.end(), '\n'), 1);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Mistakes,
    ::testing::Values(
        Mistake{{}, "deadletter: say what to do: see `deadletter --help`"},
        Mistake{{"foo"}, "deadletter: 'foo' is not known here: see `deadletter --help`"},
        Mistake{{"--foo"}, "deadletter: '--foo' is not known here: see `deadletter --help`"},
        Mistake{{"a\nb\x1b[31m"},
                "deadletter: 'a␊b␛[31m' is not known here: see `deadletter --help`"},
        Mistake{{"topology"}, "deadletter: say what to do: see `deadletter topology --help`"},
        Mistake{{"topology", "destroy"},
                "deadletter: 'destroy' is not known here: see `deadletter topology --help`"},
        Mistake{{"list", "--nothing", "x"},
                "deadletter: '--nothing' is not known here: see `deadletter list --help`"},
        Mistake{{"list", "extra"},
                "deadletter: 'extra' is not known here: see `deadletter list --help`"},
        Mistake{{"list", "--limit", "0"},
                "deadletter: --limit must be a number from 1 to 1000000, not '0': see `deadletter "
                "list --help`"},
        Mistake{{"list", "--limit", "-1"},
                "deadletter: --limit must be a number from 1 to 1000000, not '-1': see `deadletter "
                "list --help`"},
        Mistake{{"replay", "--rate-per-second", ""},
                "deadletter: --rate-per-second must be a number, not '': see `deadletter replay "
                "--help`"},
        Mistake{{"replay", "--queue-messages", "1.5"},
                "deadletter: --queue-messages must be a number, not '1.5': see `deadletter replay "
                "--help`"},
        Mistake{{"list", "--state", "open", "--state", "closed"},
                "deadletter: --state needs one value: see `deadletter list --help`"},
        Mistake{{"list", "--state"},
                "deadletter: --state needs one value: see `deadletter list --help`"},
        Mistake{
            {"list", "--output", "xml"},
            "deadletter: --output must be table or json, not 'xml': see `deadletter list --help`"},
        Mistake{{"show"}, "deadletter: ID is required: see `deadletter show --help`"},
        Mistake{{"submit", "--queue", "q"},
                "deadletter: --action is required: see `deadletter submit --help`"},
        Mistake{{"submit", "--queue", "", "--action", "a"},
                "deadletter: --queue must be a queue's name, of 1 to 255 bytes: see `deadletter "
                "submit --help`"},
        Mistake{{"submit", "--queue", "q", "--action", ""},
                "deadletter: --action must not be empty: see `deadletter submit --help`"},
        Mistake{
            {"submit", "--queue", "q", "--action", "a", "--payload", "{"},
            "deadletter: --payload must be JSON: incomplete JSON: see `deadletter submit --help`"},
        Mistake{{"submit", "--queue", "q", "--action", "a", "--ttl", "5"},
                "deadletter: --ttl must be a duration like 300ms, 30s or 5m, at most 49d, not '5': "
                "see `deadletter "
                "submit --help`"},
        Mistake{{"submit", "--queue", "q", "--action", "a", "--ttl", "50d"},
                "deadletter: --ttl must be a duration like 300ms, 30s or 5m, at most 49d, not "
                "'50d': see `deadletter "
                "submit --help`"},
        Mistake{{"replay"},
                "deadletter: say which letters: either their ids, or filters such as --reason "
                "expired: see `deadletter replay --help`"},
        Mistake{{"replay", "a", "--state", "open"},
                "deadletter: say which letters: either their ids, or filters such as --reason "
                "expired: see `deadletter replay --help`"},
        Mistake{{"replay", "a", "--redirect-exchange", "x"},
                "deadletter: --redirect-exchange and --redirect-routing-key belong together: see "
                "`deadletter replay --help`"},
        Mistake{{"replay", "a", "--edit", "{"},
                "deadletter: --edit must be JSON: incomplete JSON: see `deadletter replay --help`"},
        Mistake{{"policy", "test", "--since", "yesterday"},
                "deadletter: --since must be a duration like 30m, 12h or 7d, at most 3650d, not "
                "'yesterday': see `deadletter policy test --help`"},
        Mistake{{"policy"}, "deadletter: say what to do: see `deadletter policy --help`"},
        Mistake{{"discard"},
                "deadletter: say which letters: either their ids, or filters such as --reason "
                "expired: see `deadletter discard --help`"},
        Mistake{{"replays", "--pause"},
                "deadletter: say which replay: its ID: see `deadletter replays --help`"},
        Mistake{{"replays", "x", "--pause", "--cancel"},
                "deadletter: --letters, --watch, --pause, --resume and --cancel exclude one "
                "another: see `deadletter replays --help`"},
        Mistake{{"submit", "--queue", "q", "--action", "a", "--count", "0"},
                "deadletter: --count must be a number from 1 to 100000, not '0': see `deadletter "
                "submit --help`"}));

}  // namespace
}  // namespace deadletter::cli
