#include "cli/client_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <sstream>

#include "cli/characters.h"
#include "operations/ledger_test_support.h"
#include "operations/operations.h"
#include "tests/support/canned_server.h"

namespace deadletter::cli {
namespace {

using test::CannedServer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kFirstId = "01980000-0000-0000-0000-000000000001";

std::string TargetOf(const std::string& head) {
  const std::size_t begin = head.find(' ') + 1;
  return head.substr(begin, head.find(' ', begin) - begin);
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class ClientCommands : public ::testing::Test {
 protected:
  // A page of the ledger as the API gives it: enough of a query is understood for what `list` asks.
  std::string Answer(const std::string& head) {
    std::string target = TargetOf(head);
    if (const std::string show = "/v1/letters/"; target.starts_with(show)) {
      return CannedServer::Http(200, "application/json",
                                operations_.ShowLetter(target.substr(show.size())).value());
    }
    if (const std::string executions = "/v1/executions/"; target.starts_with(executions)) {
      const auto id = target.substr(executions.size(), target.rfind('/') - executions.size());
      const auto explained = operations_.ExplainExecution(id, {}, {});
      if (explained) return CannedServer::Http(200, "application/json", *explained);
      return CannedServer::Http(404, "application/problem+json",
                                R"({"detail":")" + explained.error().message + "\"}");
    }
    std::vector<Parameter> parameters;
    std::istringstream query(target.substr(target.find('?') + 1));
    for (std::string pair; std::getline(query, pair, '&');) {
      parameters.push_back({pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1)});
    }
    const auto listed = operations_.ListLetters(parameters);
    if (listed) return CannedServer::Http(200, "application/json", *listed);
    return CannedServer::Http(400, "application/problem+json",
                              R"({"detail":")" + listed.error().message + "\"}");
  }

  static std::vector<LedgerReaders> Readers(const std::shared_ptr<test::FakeLedger>& ledger) {
    std::vector<LedgerReaders> readers;
    readers.push_back({.catalog = std::make_unique<test::FakeCatalog>(ledger),
                       .executions = std::make_unique<test::FakeExecutions>(ledger)});
    return readers;
  }

  int List(ListCommand command, OutputFormat output = OutputFormat::kTable) {
    if (command.server.url == ServerAccess{}.url) command.server.url = server_.url();
    return RunList(command, output, terminal_);
  }

  int Show(OutputFormat output = OutputFormat::kTable) {
    return RunShow({.server = {.url = server_.url(), .token = {}, .ca_file = {}}, .id = kFirstId},
                   output, terminal_);
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{Readers(ledger_), {}};
  CannedServer server_{[this](const std::string& head) { return Answer(head); }};
  std::ostringstream out_;
  std::ostringstream error_;
  Terminal terminal_{.out = out_, .error = error_};
};

TEST_F(ClientCommands, ListIsATableThatFitsTheTerminal) {
  LetterSummary& letter = ledger_->Add().summary;
  letter.execution_id = "1234567890";
  letter.reason = Reason::kDeliveryLimit;
  letter.outcome = Outcome::kUnexpectedType;
  letter.action = "a.very.long.action.name.that.goes.on";
  letter.queue = "worker.17.executions.of.a.long.name";
  for (const std::size_t columns : {40U, 60U, 80U, 100U, 200U}) {
    out_.str("");
    const Terminal terminal{.out = out_, .error = error_, .columns = columns};
    EXPECT_EQ(RunList({.server = {.url = server_.url(), .token = {}, .ca_file = {}}, .filters = {}},
                      OutputFormat::kTable, terminal),
              kExitDone);
    const auto lines = Lines(out_.str());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_THAT(lines[0], StartsWith("ID  "));
    EXPECT_THAT(lines[1], StartsWith(kFirstId));
    for (const std::string& line : lines)
      EXPECT_LE(Width(line), std::max<std::size_t>(columns, 70)) << line;
  }
  EXPECT_THAT(out_.str(), HasSubstr("worker.17.executions.of.a.long.name"));
}

TEST_F(ClientCommands, AtEightyColumnsAListSaysWhatDiedWhyAndWhatWeDid) {
  LetterSummary& letter = ledger_->Add().summary;
  letter.execution_id = "5";
  letter.reason = Reason::kExpired;
  letter.outcome = Outcome::kFailed;
  letter.queue = "worker.7.executions";
  letter.action = "core.echo";
  EXPECT_EQ(List({}), kExitDone);
  for (const char* word :
       {"EXECUTION", "REASON", "OUTCOME", "ACTION", "expired", "failed", "core.echo"}) {
    EXPECT_THAT(out_.str(), HasSubstr(word));
  }
}

TEST_F(ClientCommands, ListFollowsCursorsUpToTheLimit) {
  for (int index = 0; index < 2500; ++index) ledger_->Add();
  EXPECT_EQ(List({.server = {}, .filters = {}, .limit = 2100}, OutputFormat::kJson), kExitDone);
  EXPECT_EQ(Lines(out_.str()).size(), 2100U);
  const auto heads = server_.Heads();
  ASSERT_EQ(heads.size(), 3U);
  EXPECT_EQ(TargetOf(heads[0]), "/v1/letters?limit=1000");
  EXPECT_THAT(TargetOf(heads[1]), StartsWith("/v1/letters?limit=1000&cursor="));
  EXPECT_THAT(TargetOf(heads[2]), StartsWith("/v1/letters?limit=100&cursor="));
}

TEST_F(ClientCommands, JsonIsOneLetterALine) {
  ledger_->Add();
  ledger_->Add().summary.queue = "a\nb\x1b";
  EXPECT_EQ(List({}, OutputFormat::kJson), kExitDone);
  const auto lines = Lines(out_.str());
  ASSERT_EQ(lines.size(), 2U);
  const auto newest = boost::json::parse(lines[0]);
  EXPECT_EQ(newest.at("queue").as_string(), "a\nb\x1b");
  EXPECT_EQ(newest.as_object().size(), 24U);
}

TEST_F(ClientCommands, AListSaysWhereThereIsNothingOrMore) {
  EXPECT_EQ(List({}), kExitDone);
  EXPECT_EQ(out_.str(), "no letters\n");
  for (int index = 0; index < 3; ++index) ledger_->Add();
  EXPECT_EQ(List({.server = {}, .filters = {}, .limit = 2}), kExitDone);
  EXPECT_THAT(out_.str(), HasSubstr("there are more: --limit"));
}

TEST_F(ClientCommands, FiltersAreEncodedAndTheTokenIsSent) {
  (void)List({.server = {.url = server_.url(), .token = "secret", .ca_file = {}},
              .filters = {{"queue", "a b&c=d/ü"}, {"since", "2026-11-23T00:00:00+01:00"}}});
  const std::string head = server_.Heads().at(0);
  EXPECT_EQ(
      TargetOf(head),
      "/v1/letters?limit=100&queue=a%20b%26c%3Dd%2F%C3%BC&since=2026-11-23T00%3A00%3A00%2B01%3A00");
  EXPECT_THAT(head, HasSubstr("\r\nAuthorization: Bearer secret\r\n"));
}

class Downloads : public ::testing::Test {
 protected:
  int Export(const std::string& answer) {
    const CannedServer server([&](const std::string&) { return answer; });
    return RunExport({.server = {.url = server.url(), .token = {}, .ca_file = {}},
                      .filters = {{"state", "open"}, {"queue", "a b"}}},
                     terminal_);
  }
  static std::string Chunked(const std::string& chunks) {
    return "HTTP/1.1 200 X\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: "
           "chunked\r\nConnection: close\r\n\r\n" +
           chunks;
  }

  std::ostringstream out_;
  std::ostringstream error_;
  Terminal terminal_{.out = out_, .error = error_};
};

TEST_F(Downloads, LinesAreWrittenAsTheyComeAndHarmless) {
  EXPECT_EQ(Export(Chunked("5\r\n{\"a\":\r\n8\r\n\"\xc2\x9b\"}\n{}\r\n1\r\n\n\r\n0\r\n\r\n")),
            kExitDone)
      << error_.str();
  EXPECT_EQ(out_.str(), "{\"a\":\"\\u009b\"}\n{}\n");
}

TEST_F(Downloads, P4_WhatIsCutShortIsAnErrorAndEndsWithAWholeLine) {
  EXPECT_EQ(Export(Chunked("7\r\n{}\n{\"a\"\r\n")), kExitFailed);
  EXPECT_EQ(out_.str(), "{}\n");
  EXPECT_THAT(error_.str(), HasSubstr("the export was cut short after 1 letters, ask again: "));
}

TEST_F(Downloads, ARefusalIsToldInTheServersWords) {
  EXPECT_EQ(Export(CannedServer::Http(400, "application/problem+json",
                                      R"({"detail":"state must be open"})")),
            kExitUsage);
  EXPECT_EQ(error_.str(), "deadletter: state must be open\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(Downloads, WhatIsNoExportIsNotTakenForOne) {
  EXPECT_EQ(Export(CannedServer::Http(200, "text/html", "<h1>\n")), kExitFailed);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(error_.str(), HasSubstr("is no deadletter server"));
}

TEST_F(ClientCommands, ADiscardSaysWhatItPassedOver) {
  const CannedServer server([](const std::string&) {
    return CannedServer::Http(200, "application/json",
                              R"({"dry_run":false,"id":"x","letters":9,"discarded":4,"taken":2,)"
                              R"("waiting":0,"closed":3})");
  });
  const DiscardCommand command{.server = {.url = server.url(), .token = {}, .ca_file = {}},
                               .request_json = "{}"};
  EXPECT_EQ(RunDiscard(command, OutputFormat::kTable, terminal_), kExitDone);
  EXPECT_EQ(out_.str(), "4 of 9 letters discarded; passed over: 3 closed already, 2 in a replay\n");
}

TEST_F(ClientCommands, AMistakeIsToldInTheServersWords) {
  EXPECT_EQ(List({.server = {}, .filters = {{"state", "x"}}}), kExitUsage);
  EXPECT_EQ(error_.str(), "deadletter: state must be open, waiting or closed, not 'x'\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ClientCommands, ExplainIsASentenceAndATimelineThatFitTheTerminal) {
  LetterRecord& record = ledger_->Add();
  record.summary.execution_id = "5";
  record.summary.queue = "worker.7.executions";
  record.summary.reason = Reason::kExpired;
  record.summary.outcome = Outcome::kFailed;
  record.history = {{.at = record.summary.settled_at, .what = "failed", .detail = ""}};
  ledger_->executions.push_back({.id = ExecutionId(std::int64_t{5}),
                                 .status = "failed",
                                 .result_json = std::nullopt,
                                 .action_ref = std::nullopt,
                                 .updated = std::nullopt});
  const ExplainCommand command{.server = {.url = server_.url(), .token = {}, .ca_file = {}},
                               .execution_id = "5"};
  EXPECT_EQ(RunExplain(command, OutputFormat::kTable, terminal_), kExitDone);
  const auto lines = Lines(out_.str());
  ASSERT_EQ(lines.size(), 7U) << out_.str();
  EXPECT_EQ(lines[0], "Execution 5");
  EXPECT_EQ(lines[1],
            "  it is failed; letter 01980000-0000-0000-0000-000000000001 failed it: expired");
  EXPECT_EQ(lines[2], "  in worker.7.executions");
  EXPECT_THAT(lines[4], StartsWith("WHEN"));
  EXPECT_THAT(lines[5], HasSubstr("received"));
  EXPECT_THAT(lines[6], HasSubstr("failed"));
  for (const std::string& line : lines) EXPECT_LE(line.size(), 80U) << line;
  out_.str("");
  EXPECT_EQ(RunExplain(command, OutputFormat::kJson, terminal_), kExitDone);
  EXPECT_EQ(Lines(out_.str()).size(), 1U);
  EXPECT_EQ(boost::json::parse(out_.str()).at("timeline").as_array().size(), 2U);
  EXPECT_EQ(
      RunExplain({.server = command.server, .execution_id = "6"}, OutputFormat::kTable, terminal_),
      kExitFailed);
  EXPECT_EQ(error_.str(), "deadletter: neither an execution '6' nor a letter of it is known\n");
}

TEST_F(ClientCommands, ShowTellsTheWholeStory) {
  LetterRecord& record = ledger_->Add();
  LetterSummary& letter = record.summary;
  letter.action = "core.echo";
  letter.execution_id = "5";
  letter.worker_id = "7";
  letter.queue = "worker.7.executions";
  letter.reason = Reason::kExpired;
  letter.outcome = Outcome::kFailed;
  letter.size_bytes = 13;
  record.message.body = R"({"n":1e400,"t":"\u001b"})";
  FieldTable death;
  death.entries = {{"reason", {std::string("expired")}},
                   {"queue", {std::string("worker.7.executions")}},
                   {"count", {std::int64_t{2}}},
                   {"time", {FieldTimestamp{1'700'000'000}}}};
  record.message.headers.entries = {{"x-death", {FieldArray{{death}}}}};
  record.history = {{.at = letter.settled_at, .what = "failed", .detail = "at once"}};
  ledger_->executions.push_back({.id = ExecutionId(std::int64_t{5}),
                                 .status = "failed",
                                 .result_json = R"({"error":"Worker queue TTL expired"})",
                                 .action_ref = std::nullopt,
                                 .updated = std::nullopt});
  EXPECT_EQ(Show(), kExitDone);
  EXPECT_THAT(out_.str(), StartsWith(std::string("Letter ") + kFirstId + "\n"));
  for (const char* line :
       {"\n  what died    core.echo, execution 5, for worker 7\n",
        "\n  where        worker.7.executions, and came to dlq\n",
        "\n  why          expired: no worker took it before its time to live ended\n",
        "\n  what we did  failed: the execution was marked FAILED because of this letter\n",
        "\n  execution    failed now, result {\"error\":\"Worker queue TTL expired\"}\n",
        "\n  received     2023-11-14 22:13:20 UTC\n",
        "\n  expired in worker.7.executions 2 times, the first at 2023-11-14 22:13:20 UTC\n",
        "\nHistory\n  2023-11-14 22:13:20 UTC  failed (at once)\n",
        "\nBody (json, 13 bytes)\n  {\n    \"n\": 1e400,\n    \"t\": \"\\u001b\"\n  }\n"}) {
    EXPECT_THAT(out_.str(), HasSubstr(line));
  }
}

TEST_F(ClientCommands, P9_AHostileLetterIsShownWithoutHarm) {
  LetterRecord& record = ledger_->Add();
  record.summary.queue = "q\x1b]0;owned\x07\n\xe2\x80\xae\xff";
  record.summary.action =
      "\x9b"
      "31m";
  record.message.body = "line one\n\x1b[2Jline two\r\xe2\x80\xae";
  FieldTable nested;
  for (int depth = 0; depth < 60; ++depth) {
    FieldTable outer;
    outer.entries.push_back({"!\x1b", {nested}});
    nested = std::move(outer);
  }
  record.message.headers.entries.push_back({"x\x1b", {nested}});
  for (const OutputFormat output : {OutputFormat::kTable, OutputFormat::kJson}) {
    EXPECT_EQ(Show(output), kExitDone) << error_.str();
    EXPECT_EQ(List({}, output), kExitDone) << error_.str();
  }
  std::string shown = out_.str();
  std::erase(shown, '\n');
  for (std::size_t at = 0; at < shown.size();) ASSERT_TRUE(IsHarmless(NextCharacter(shown, at)));
  EXPECT_THAT(out_.str(), HasSubstr("  line one\n  ␛[2Jline two␍�\n"));
}

TEST_F(ClientCommands, ColourIsOursOnly) {
  ledger_->Add();
  const Terminal colourful{.out = out_, .error = error_, .columns = 80, .colour = true};
  EXPECT_EQ(RunList({.server = {.url = server_.url(), .token = {}, .ca_file = {}}, .filters = {}},
                    OutputFormat::kTable, colourful),
            kExitDone);
  EXPECT_THAT(out_.str(), StartsWith("\x1b[1mID\x1b[0m"));
}

TEST_F(ClientCommands, VersionSaysWhichThisIs) {
  EXPECT_EQ(RunVersion(OutputFormat::kTable, terminal_), kExitDone);
  EXPECT_EQ(RunVersion(OutputFormat::kJson, terminal_), kExitDone);
  EXPECT_EQ(out_.str(), "deadletter " DEADLETTER_VERSION
                        "\n{\"name\":\"deadletter\",\"version\":\"" DEADLETTER_VERSION "\"}\n");
}

struct Trouble {
  std::string answer;
  int status;
  std::string message;  // @ is the server's URL
};

class Troubles : public ::testing::TestWithParam<Trouble> {};

TEST_P(Troubles, AreOneLineAndAStatus) {
  const CannedServer server([](const std::string&) { return GetParam().answer; });
  std::string message = GetParam().message;
  if (const std::size_t at = message.find('@'); at != std::string::npos)
    message.replace(at, 1, server.url());
  std::ostringstream out;
  std::ostringstream error;
  const ServerAccess access{.url = server.url(), .token = {}, .ca_file = {}};
  EXPECT_EQ(
      RunShow({.server = access, .id = "x"}, OutputFormat::kTable, {.out = out, .error = error}),
      GetParam().status);
  EXPECT_EQ(error.str(), "deadletter: " + message + "\n");
  EXPECT_EQ(out.str(), "");
}

std::string Problem(int status, const std::string& detail) {
  return CannedServer::Http(status, "application/problem+json", R"({"detail":")" + detail + "\"}");
}

INSTANTIATE_TEST_SUITE_P(
    Each, Troubles,
    ::testing::Values(
        Trouble{Problem(404, "no letter has the id x"), kExitFailed, "no letter has the id x"},
        Trouble{Problem(400, "one letter takes no parameters"), kExitUsage,
                "one letter takes no parameters"},
        Trouble{Problem(503, "the ledger could not be read: away"), kExitFailed,
                "the server at @ answers 503: the ledger could not be read: away"},
        Trouble{Problem(404, "bad\\u001b[31m\\nnews"), kExitFailed, "bad␛[31m␊news"},
        Trouble{CannedServer::Http(404, "text/html", "<h1>"), kExitFailed,
                "what answers at @ is no deadletter server: pass another --server URL"},
        Trouble{CannedServer::Http(200, "text/html", "<h1>"), kExitFailed,
                "what answers at @ is no deadletter server: pass another --server URL"},
        Trouble{CannedServer::Http(200, "application/json", "[1"), kExitFailed,
                "the server's answer cannot be read: incomplete JSON"},
        Trouble{CannedServer::Http(200, "application/json", "[]"), kExitFailed,
                "the server's answer is not a JSON object"},
        Trouble{"", kExitFailed, "the server at @ did not answer: Empty reply from server"},
        Trouble{"SSH-2.0-OpenSSH\r\n", kExitFailed,
                "the server at @ did not answer: Received HTTP/0.9 when not allowed"}));

TEST(ClientTroubles, AServerThatIsNotThereIsNamedWithWhatToDo) {
  std::string url;
  {
    url = CannedServer([](const std::string&) { return ""; }).url();
  }
  std::ostringstream out;
  std::ostringstream error;
  EXPECT_EQ(RunList({.server = {.url = url, .token = {}, .ca_file = {}}, .filters = {}},
                    OutputFormat::kTable, {.out = out, .error = error}),
            kExitFailed);
  EXPECT_EQ(error.str(), "deadletter: no server answers at " + url +
                             ": start `deadletter serve` or pass --server URL\n");
}

TEST(ClientTroubles, AWrongServerIsBadUsage) {
  for (const char* url : {"ftp://localhost", "https://", "localhost", ""}) {
    std::ostringstream out;
    std::ostringstream error;
    EXPECT_EQ(RunList({.server = {.url = url, .token = {}, .ca_file = {}}, .filters = {}},
                      OutputFormat::kTable, {.out = out, .error = error}),
              kExitUsage);
    EXPECT_THAT(error.str(), StartsWith("deadletter: --server"));
  }
}

TEST(ClientTroubles, AFileOfAuthoritiesThatIsNoneIsBadUsage) {
  std::ostringstream out;
  std::ostringstream error;
  EXPECT_EQ(
      RunList(
          {.server = {.url = "https://127.0.0.1:1", .token = {}, .ca_file = "/nonexistent/ca.pem"},
           .filters = {}},
          OutputFormat::kTable, {.out = out, .error = error}),
      kExitUsage);
  EXPECT_THAT(error.str(), StartsWith("deadletter: --ca-file /nonexistent/ca.pem cannot be used"));
}

TEST(ClientTroubles, AServerThatNeverEndsIsNotFollowedForEver) {
  const CannedServer server([](const std::string&) {
    return CannedServer::Http(200, "application/json", R"({"items":[],"next_cursor":"again"})");
  });
  std::ostringstream out;
  std::ostringstream error;
  EXPECT_EQ(RunList({.server = {.url = server.url(), .token = {}, .ca_file = {}}, .filters = {}},
                    OutputFormat::kTable, {.out = out, .error = error}),
            kExitDone);
  EXPECT_EQ(server.Heads().size(), 1U);
}

}  // namespace
}  // namespace deadletter::cli
