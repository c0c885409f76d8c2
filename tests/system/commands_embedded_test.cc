// The commands over the embedded pair, and those that need neither broker nor ledger.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "broker/embedded/broker.h"
#include "broker/embedded/consumer.h"
#include "tests/folders.h"
#include "tests/system/commands.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {
namespace {

constexpr const char* kProgram = DEADLETTER_BINARY_DIR "/deadletter";

INSTANTIATE_TEST_SUITE_P(Embedded, Commands, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

std::string WriteFile(const TemporaryFolder& folder, const std::string& name,
                      const std::string& text) {
  std::ofstream(folder / name) << text;
  return folder / name;
}

std::vector<std::string> NamesIn(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

class HungServer {
 public:
  HungServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(socket_, 1) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("cannot listen");
    }
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~HungServer() {
    if (client_ >= 0) ::close(client_);
    ::close(socket_);
  }
  HungServer(const HungServer&) = delete;
  HungServer& operator=(const HungServer&) = delete;

  // Until somebody has asked something, which is never answered.
  void WaitForRequest() {
    client_ = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    char first = 0;
    if (::recv(client_, &first, 1, 0) != 1) throw std::runtime_error("nobody asked");
  }

  std::string url;

 private:
  int socket_;
  int client_ = -1;
};

TEST(Program, OutputThatCannotBeWrittenIsNoSuccess) {
  for (const std::string arguments : {"version", "--help", "--version", "list --help"}) {
    const Finished finished =
        RunProgram({"/bin/sh", "-c", "exec \"$0\" " + arguments + " >/dev/full", kProgram});
    EXPECT_EQ(finished.status, 1) << arguments;
    EXPECT_EQ(finished.output, "deadletter: standard output could not be written\n") << arguments;
  }
}

TEST(Program, AnInterruptEndsACommandThatWaitsForAServer) {
  HungServer server;
  for (const int signal : {SIGINT, SIGTERM}) {
    ChildProcess list({kProgram, "list", "--server", server.url});
    server.WaitForRequest();
    list.Signal(signal);
    EXPECT_EQ(list.WaitForExit(std::chrono::seconds(5)), 128 + signal);
  }
}

TEST(Program, ABadConfigurationIsOneLineAndTwo) {
  const TemporaryFolder folder;
  const std::string file = WriteFile(folder, "bad.toml", "[broker]\nurk = \"x\"\n");
  for (const std::string command : {"serve", "migrate", "demo"}) {
    const Finished finished = RunProgram({kProgram, command, "--config", file});
    EXPECT_EQ(finished.status, 2) << command;
    EXPECT_EQ(finished.standard_output, "") << command;
    EXPECT_THAT(finished.output, testing::StartsWith("deadletter: " + file + ":2: broker.urk"))
        << command;
    EXPECT_EQ(finished.output.find('\n'), finished.output.size() - 1) << finished.output;
  }
}

TEST(Program, ConfigCheckPrintsOneObjectWhereJsonIsAsked) {
  const TemporaryFolder folder;
  const std::string file = WriteFile(folder, "good.toml", "data_dir = \"elsewhere\"\n");
  const Finished finished =
      RunProgram({kProgram, "config", "check", "--config", file, "--output", "json"},
                 {{{"DEADLETTER_TYPO", "1"}}, ""});
  EXPECT_EQ(finished.status, 0) << finished.output;
  const boost::json::value answer = boost::json::parse(finished.standard_output);
  EXPECT_EQ(answer.at("pair"), "embedded");
  EXPECT_EQ(answer.at("file"), boost::json::value(file));
  EXPECT_EQ(answer.at("warnings").as_array().size(), 1u);
  EXPECT_EQ(answer.at("config").at("data_dir"), "elsewhere");
  EXPECT_EQ(answer.at("config").at("queue").at(0).at("name"), "attune.dlx.queue");
  EXPECT_EQ(answer.at("origins").at("data_dir"), boost::json::value(file + ":1"));
}

TEST(Program, ServeRefusesAnOldSchemaThatItMayNotMigrate) {
  const TemporaryFolder folder;
  const std::string file = WriteFile(folder, "strict.toml",
                                     "data_dir = \"" + (folder / "data") +
                                         "\"\n[ledger]\nauto_migrate = false\n[http]\nlisten = "
                                         "\"127.0.0.1:0\"\n");
  const Finished refused = RunProgram({kProgram, "serve", "--config", file});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, testing::HasSubstr("run `deadletter migrate`"));
  const Finished migrated = RunProgram({kProgram, "migrate", "--config", file, "--output", "json"});
  ASSERT_EQ(migrated.status, 0) << migrated.output;
  EXPECT_FALSE(boost::json::parse(migrated.standard_output).at("migrated").as_array().empty());
  ChildProcess serve({kProgram, "serve", "--config", file});
  EXPECT_TRUE(serve.WaitForLine("listening", kPatience)) << serve.output();
}

TEST(Program, P7_TopologyCheckMakesNothingAndSaysWhatIsMissing) {
  const TemporaryFolder folder;
  const std::string data = folder / "data";
  const std::vector<std::string> check = {kProgram,     "topology",   "check",
                                          "--embedded", "--data-dir", data};
  const Finished nothing = RunProgram(check, {{}, folder.path().string()});
  EXPECT_EQ(nothing.status, 3) << nothing.output;
  EXPECT_THAT(nothing.standard_output,
              testing::HasSubstr("queue file " + data + "/queues.sqlite3: does not exist"));
  EXPECT_THAT(nothing.standard_output, testing::HasSubstr("exchange attune.dlx: does not exist"));
  EXPECT_THAT(NamesIn(folder), testing::IsEmpty());

  std::filesystem::create_directory(data);
  EXPECT_EQ(RunProgram(check).status, 3);
  EXPECT_TRUE(std::filesystem::is_empty(data));

  ASSERT_EQ(RunProgram({kProgram, "topology", "apply", "--embedded", "--data-dir", data}).status,
            0);
  std::filesystem::remove(data + "/queues.sqlite3-owners");
  EXPECT_EQ(RunProgram(check).status, 0);
  EXPECT_FALSE(std::filesystem::exists(data + "/queues.sqlite3-owners"));
}

TEST(Program, TheDemoUsesNothingThatLiesAround) {
  const TemporaryFolder folder;
  WriteFile(folder, "deadletter.toml",
            "[broker]\nurl = \"amqp://127.0.0.1:1\"\n[ledger]\nurl = "
            "\"postgresql://127.0.0.1:1/real\"\n");
  const ChildOptions options{{{"DEADLETTER_BROKER_URL", "amqp://127.0.0.1:1"},
                              {"DEADLETTER_CONFIG", folder / "deadletter.toml"}},
                             folder.path().string()};
  const Finished demo = RunProgram({kProgram, "demo", "--listen", "127.0.0.1:0"}, options);
  EXPECT_EQ(demo.status, 0) << demo.output;
  EXPECT_THAT(demo.output, testing::HasSubstr("24 executions: 14 completed, 10 failed"));
  EXPECT_THAT(NamesIn(folder), testing::ElementsAre("deadletter.toml"));
}

TEST(Program, TheEmbeddedDemoLeavesItsFolderEmpty) {
  const TemporaryFolder folder;
  const Finished demo = RunProgram({kProgram, "demo", "--embedded", "--listen", "127.0.0.1:0"},
                                   {{}, folder.path().string()});
  EXPECT_EQ(demo.status, 0) << demo.output;
  EXPECT_THAT(NamesIn(folder), testing::IsEmpty());
}

TEST(Program, ADemoThatIsInterruptedSaysSo) {
  ChildProcess demo({kProgram, "demo", "--listen", "127.0.0.1:0"});
  ASSERT_TRUE(demo.WaitForLine("execution 1 ", kPatience)) << demo.output();
  demo.Signal(SIGINT);
  EXPECT_EQ(demo.WaitForExit(kPatience), 1);
  EXPECT_THAT(demo.output(),
              testing::HasSubstr("deadletter: demo: stopped before every execution had ended"));
}

TEST(Program, WhatTheBrokerSaysCannotMoveTheTerminal) {
  const TemporaryFolder folder;
  const SystemClock clock;
  const std::string tag = "evil\x1b[2J\nother\xff";
  const std::vector<std::string> check = {kProgram,     "topology",   "check",
                                          "--embedded", "--data-dir", folder.path().string()};
  ASSERT_EQ(RunProgram(
                {kProgram, "topology", "apply", "--embedded", "--data-dir", folder.path().string()})
                .status,
            0);
  const auto broker = EmbeddedBroker::Open(folder / "queues.sqlite3", clock);
  ASSERT_TRUE(broker) << broker.error().message;
  EmbeddedConsumer consumer(*broker, kDeadLetterQueue, tag);
  ASSERT_TRUE(consumer.Subscribe(1).has_value());

  const Finished table = RunProgram(check);
  EXPECT_EQ(table.status, 3) << table.output;
  EXPECT_THAT(table.standard_output, testing::HasSubstr("evil"));
  EXPECT_EQ(table.standard_output.find('\x1b'), std::string::npos);
  EXPECT_EQ(table.standard_output.find("\nother"), std::string::npos);

  std::vector<std::string> as_json = check;
  as_json.insert(as_json.end(), {"--output", "json"});
  const std::string line = RunProgram(as_json).standard_output;
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  const boost::json::value finding = boost::json::parse(line);
  EXPECT_THAT(std::string(finding.at("message").as_string()),
              testing::HasSubstr("evil\x1b[2J\nother\uFFFD"));
}

// The text between ```LANGUAGE and ```, for each block of a section of a page.
std::vector<std::string> Blocks(const std::string& page, const std::string& section,
                                const std::string& language) {
  std::ifstream file(DEADLETTER_SOURCE_DIR "/docs/" + page);
  std::vector<std::string> blocks;
  bool in_section = false;
  bool in_block = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) in_section = line == "## " + section;
    if (line.starts_with("```")) {
      in_block = in_section && line == "```" + language;
      if (in_block) blocks.emplace_back();
    } else if (in_block) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

TEST(Documentation, GettingStartedOnOneMachineWorksAsItIsWritten) {
  const std::string section = "Run it on one machine, without servers";
  const auto tomls = Blocks("getting-started.md", section, "toml");
  const auto commands = Blocks("getting-started.md", section, "sh");
  ASSERT_EQ(tomls.size(), 1u);
  ASSERT_EQ(commands.size(), 3u);  // the third, a worker: example_workers_embedded_test.cc
  const TemporaryFolder folder;
  std::string toml = tomls.front();
  const std::size_t ttl = toml.find("\"30s\"");
  ASSERT_NE(ttl, std::string::npos);
  toml.replace(ttl, 5, "\"300ms\"");  // nobody waits for half a minute, nor shares a port
  WriteFile(folder, "deadletter.toml", toml + "[http]\nlisten = \"127.0.0.1:0\"\n");
  const std::string path = std::string(DEADLETTER_BINARY_DIR) + ":" + std::getenv("PATH");
  const auto shell = [](const std::string& script) {
    return std::vector<std::string>{"sh", "-ec", script};
  };

  std::string first = commands[0];
  const std::size_t last = first.find("deadletter serve");
  ASSERT_NE(last, std::string::npos);
  first.insert(last, "exec ");  // so that ending the shell ends the server

  ChildProcess serve(shell(first), {{{"PATH", path}}, folder.path().string()});
  const auto line = serve.WaitForLine("http://127.0.0.1:", kPatience);
  ASSERT_TRUE(line) << serve.output();
  const std::size_t begin = line->find("http://");
  const ChildOptions second{
      {{"PATH", path},
       {"DEADLETTER_SERVER", line->substr(begin, line->find_first_of("\" ", begin) - begin)}},
      folder.path().string()};
  Finished listed;
  EXPECT_TRUE(WaitUntil([&] {
    listed = RunProgram(shell(commands[1]), second);
    return listed.status != 0 || listed.output.find("expired") != std::string::npos;
  }));
  EXPECT_EQ(listed.status, 0) << listed.output;
  EXPECT_THAT(listed.output, testing::HasSubstr("submitted execution "));
}

// Whoever runs the tests may have the address of a real platform in their environment.
TEST(ChildProcess, GetsNoneOfOurVariablesButThoseGiven) {
  ::setenv("DEADLETTER_BROKER_URL", "amqp://real.example", 1);
  const Finished printed = RunProgram({"env"}, {{{"DEADLETTER_LOG_LEVEL", "error"}}, ""});
  ::unsetenv("DEADLETTER_BROKER_URL");
  EXPECT_THAT(printed.output, testing::Not(testing::HasSubstr("real.example")));
  EXPECT_THAT(printed.output, testing::HasSubstr("DEADLETTER_LOG_LEVEL=error\n"));
}

}  // namespace
}  // namespace deadletter::test
