// What people do with the running server, as they do it: tokens, notes, tags, reveals, the audit.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "tests/folders.h"
#include "tests/support/certificates.h"
#include "tests/system/tokens.h"
#include "tests/system/world.h"

namespace deadletter::test {

class People : public testing::TestWithParam<PairFactory> {
 protected:
  static constexpr const char* kProgram = DEADLETTER_BINARY_DIR "/deadletter";

  static std::map<std::string, std::string> Environment(const std::string& folder) {
    return {{"DEADLETTER_AUTH_TOKENS_FILE", folder + "/tokens"}};
  }
  static Finished Ask(const std::string& url, const std::string& token,
                      std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), kProgram);
    std::map<std::string, std::string> environment = {{"DEADLETTER_SERVER", url}};
    if (!token.empty()) environment["DEADLETTER_TOKEN"] = token;
    return RunProgram(std::move(arguments), {.environment = environment, .folder = {}});
  }
};

TEST_P(People, P8_WhatTheyDoIsShownAndHasTheirName) {
  World world(GetParam(), {.toml = ""});
  const std::string folder = world.folder();
  const std::string viewer = NewToken(folder, "vera", "viewer");
  const std::string worker = NewToken(folder, "otto", "operator");
  const std::string admin = NewToken(folder, "anna", "admin");
  world.AddExecution(5);
  Server server = world.Serve(Environment(folder));
  world.PublishDead(world.Envelope("5"));
  const std::string id = FormatUuid(world.OnlyLetter().id.value());

  EXPECT_EQ(Ask(server.url(), worker, {"note", id, "--text", "it was the deploy"}).output,
            "noted\n");
  EXPECT_EQ(Ask(server.url(), worker, {"tag", id, "--add", "deploy", "--add", "b"}).output,
            "b deploy\n");
  EXPECT_EQ(Ask(server.url(), worker, {"tag", id, "--remove", "b"}).output, "deploy\n");
  const Finished shown = Ask(server.url(), viewer, {"show", id});
  EXPECT_THAT(shown.output, testing::HasSubstr("it was the deploy"));
  EXPECT_THAT(shown.output, testing::HasSubstr("tags         deploy"));
  EXPECT_THAT(Ask(server.url(), viewer, {"list", "--tag", "deploy"}).output,
              testing::HasSubstr(id));
  EXPECT_EQ(Ask(server.url(), viewer, {"list", "--tag", "b"}).output, "no letters\n");

  const Finished audit = Ask(server.url(), admin, {"audit", "--output", "json"});
  EXPECT_EQ(audit.status, 0) << audit.output;
  EXPECT_EQ(std::ranges::count(audit.standard_output, '\n'), 3);
  const auto last =
      boost::json::parse(audit.standard_output.substr(0, audit.standard_output.find('\n')));
  EXPECT_EQ(last.at("who"), "otto");
  EXPECT_EQ(last.at("what"), "tag");
  EXPECT_EQ(last.at("subject"), boost::json::value(id));
  EXPECT_THAT(Ask(server.url(), admin, {"audit", "--what", "note"}).output,
              testing::HasSubstr("otto"));

  const Finished denied = Ask(server.url(), viewer, {"note", id, "--text", "x"});
  EXPECT_EQ(denied.status, 1);
  EXPECT_THAT(denied.output, testing::HasSubstr("this needs the role operator"));
  EXPECT_EQ(Ask(server.url(), worker, {"audit"}).status, 1);
  const Finished nobody = Ask(server.url(), "", {"list"});
  EXPECT_EQ(nobody.status, 1);
  EXPECT_THAT(nobody.output, testing::HasSubstr("DEADLETTER_TOKEN"));
  EXPECT_EQ(Ask(server.url(), worker, {"note", id, "--text", " "}).status, 2);
  EXPECT_THAT(server.process().output(), testing::Not(testing::HasSubstr(worker)));
  EXPECT_TRUE(server.StopsAsPromised());
}

TEST_P(People, P8_LettersAreExportedWholeAndDiscardedByName) {
  World world(GetParam());
  const std::string folder = world.folder();
  const std::string viewer = NewToken(folder, "vera", "viewer");
  const std::string worker = NewToken(folder, "otto", "operator");
  Server server = world.Serve(Environment(folder));
  constexpr int kLetters = 230;  // more than a part of an export
  for (int number = 1; number <= kLetters; ++number) {
    world.AddExecution(number);
    world.PublishDead(world.Envelope(std::to_string(number)));
  }
  ASSERT_EQ(world.WaitForLetters(kLetters).size(), static_cast<std::size_t>(kLetters));
  const Finished exported = Ask(server.url(), viewer, {"export", "--outcome", "failed"});
  EXPECT_EQ(exported.status, 0) << exported.output;
  std::set<std::string> executions;
  std::istringstream lines(exported.standard_output);
  for (std::string line; std::getline(lines, line);) {
    const boost::json::value letter = boost::json::parse(line);
    executions.insert(std::string(letter.at("execution_id").as_string()));
    EXPECT_EQ(letter.at("body").at("encoding"), "json");
    EXPECT_EQ(letter.at("execution").at("status"), "failed");
  }
  EXPECT_EQ(executions.size(), static_cast<std::size_t>(kLetters));

  EXPECT_EQ(Ask(server.url(), viewer, {"discard", "--state", "open"}).status, 1);
  EXPECT_EQ(Ask(server.url(), worker, {"discard"}).status, 2);
  EXPECT_EQ(Ask(server.url(), worker, {"discard", "--execution-id", "7", "--dry-run"}).output,
            "1 of 1 letters would be discarded\n");
  EXPECT_EQ(Ask(server.url(), worker, {"discard", "--execution-id", "7", "--why", "a test"}).output,
            "1 of 1 letters discarded\n");
  const Finished again = Ask(server.url(), worker, {"discard", "--execution-id", "7"});
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.output, testing::HasSubstr("none can be discarded: 1 are closed"));
  EXPECT_EQ(Ask(server.url(), worker, {"discard", "--outcome", "failed"}).output,
            "229 of 230 letters discarded; passed over: 1 closed already\n");
  EXPECT_EQ(Ask(server.url(), viewer, {"list", "--state", "open"}).output, "no letters\n");
  EXPECT_EQ(world.Row(ExecutionId(std::int64_t{7})).status, "failed") << "no row is touched";
  EXPECT_THAT(Ask(server.url(), viewer, {"explain", "7"}).output, testing::HasSubstr("discarded"));
  EXPECT_TRUE(server.StopsAsPromised());
}

TEST_P(People, P8_WhatIsRedactedIsInNoOutputUntilAnAdminRevealsIt) {
  World world(GetParam(), {.top = "redact = ['/payload/config/**/pass*']\n"});
  const std::string folder = world.folder();
  const std::string viewer = NewToken(folder, "vera", "viewer");
  const std::string admin = NewToken(folder, "anna", "admin");
  world.AddExecution(5);
  auto environment = Environment(folder);
  environment["DEADLETTER_LOG_LEVEL"] = "debug";
  Server server = world.Serve(environment);
  world.PublishDead(world.Envelope("5", R"(,"config":{"db":{"password":"S3cret"},"n":1})"));
  const std::string id = FormatUuid(world.OnlyLetter().id.value());
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"list", "--output", "json"},
        {"show", id},
        {"show", id, "--output", "json"},
        {"show", id, "--reveal"}}) {
    EXPECT_THAT(Ask(server.url(), viewer, command).output,
                testing::Not(testing::HasSubstr("S3cret")))
        << command.front();
  }
  EXPECT_THAT(Ask(server.url(), viewer, {"show", id}).output, testing::HasSubstr("***"));
  EXPECT_THAT(Ask(server.url(), admin, {"audit"}).output, testing::HasSubstr("no acts"));
  EXPECT_THAT(Ask(server.url(), admin, {"show", id, "--reveal"}).output,
              testing::HasSubstr("S3cret"));
  EXPECT_THAT(Ask(server.url(), admin, {"audit"}).output, testing::HasSubstr("reveal"));
  EXPECT_THAT(server.process().output(), testing::Not(testing::HasSubstr("S3cret")));
}

TEST_P(People, TheCommandLineSpeaksTlsAndTrustsNobodyElse) {
  const Certificates certificates;
  World world(GetParam());
  const std::string token = NewToken(world.folder(), "vera", "viewer");
  auto environment = Environment(world.folder());
  environment["DEADLETTER_HTTP_TLS_CERT"] = certificates.server();
  environment["DEADLETTER_HTTP_TLS_KEY"] = certificates.key();
  Server server = world.Serve(environment);
  const std::string url = server.url();
  ASSERT_TRUE(url.starts_with("https://127.0.0.1:")) << url;
  const auto list = [&](const std::string& server_url, const std::string& authority) {
    std::vector<std::string> command = {"list", "--server", server_url};
    if (!authority.empty()) command.insert(command.end(), {"--ca-file", authority});
    return Ask(url, token, command);
  };
  ASSERT_TRUE(WaitUntil([&] { return list(url, certificates.authority()).status == 0; }))
      << list(url, certificates.authority()).output;
  const std::string port = url.substr(url.rfind(':'));
  EXPECT_EQ(list("https://localhost" + port, certificates.authority()).status, 0);
  // That the name must be the server's, too, ManagementTls shows of the same call.
  for (const Finished& refused : {list(url, ""), list(url, certificates.stranger())}) {
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.output, testing::StartsWith("deadletter: no TLS with the server"));
  }
  const Finished clear = list("http://127.0.0.1" + port, "");
  EXPECT_EQ(clear.status, 1);
  EXPECT_THAT(clear.output, testing::HasSubstr("did not answer"));
  EXPECT_TRUE(server.StopsAsPromised());
}

TEST_P(People, TlsToAServerThatSpeaksNoneIsToldSo) {
  World world(GetParam());
  Server server = world.Serve();
  const Finished refused = Ask("https" + server.url().substr(4), "", {"list"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, testing::HasSubstr("no TLS with the server at https://127.0.0.1"));
}

TEST_P(People, WithoutUsableTokensNothingIsServed) {
  World world(GetParam());
  const Finished missing = world.Run({"serve"}, Environment(world.folder()));
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.output, testing::HasSubstr("serve: auth.tokens_file: "));
  const Finished open = world.Run({"serve", "--listen", "0.0.0.0:0"});
  EXPECT_EQ(open.status, 2);
  EXPECT_THAT(open.output, testing::HasSubstr("http.listen is \"0.0.0.0:0\" without auth"));
}

}  // namespace deadletter::test
