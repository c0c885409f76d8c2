// Everything that somebody may look at, asked of a running server: every GET of docs/http-api.md
// and every command that reads. None of it touches a queue (P7).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "tests/folders.h"
#include "tests/support/documented_table.h"
#include "tests/support/event_reader.h"
#include "tests/support/http_get.h"
#include "tests/system/world.h"

namespace deadletter::test {

// What a pair is to be looked at on.
struct LookingCase {
  PairFactory pair;
  // Takes the broker away, for as long as what is returned lives: whoever wants something of it
  // waits or fails.
  std::function<std::shared_ptr<void>(Pair&)> take_broker_away;
};

inline void PrintTo(const LookingCase& looking, std::ostream* out) {
  *out << looking.pair.name;
}

class Looking : public testing::TestWithParam<LookingCase> {
 protected:
  static constexpr const char* kLimited = "limited.dlq";
  static constexpr const char* kOther = "other.dlq";
  static constexpr std::size_t kWaiting = 5;

  // Letters of each kind, one of them replayed, were recorded from a queue in which others wait
  // now: nobody consumes it. (Given to somebody once and returned, and then once more, they would
  // be destroyed, as far as the broker counts that.)
  Looking() : world_(GetParam().pair, {.queues = Queue(kLimited)}) {
    for (const char* queue : {kLimited, kOther}) {
      world_.pair().broker().DeclareQueue(queue, {.delivery_limit = 1});
    }
    for (const std::int64_t number : {5, 6}) world_.AddExecution(number);
    {
      Server server = world_.Serve();
      for (const char* execution : {"5", "6"}) Send(world_.Envelope(execution));
      Send("no json");
      const auto recorded = world_.WaitForLetters(3);
      EXPECT_THAT(recorded, testing::SizeIs(3)) << server.process().output();
      for (const LetterSummary& letter : recorded) {
        if (letter.execution_id == "5") letter_ = FormatUuid(letter.id.value());
        if (letter.execution_id == "6") replayed_ = FormatUuid(letter.id.value());
      }
      const HttpAnswer made =
          HttpPost(server.url() + "/v1/replays", R"({"ids":[")" + replayed_ + R"("]})");
      EXPECT_EQ(made.status, 201) << made.body;
      replay_ = boost::json::parse(made.body).at("id").as_string();
      EXPECT_TRUE(WaitUntil([&] {
        return world_.pair().broker().ReadyMessages(kWorkerQueue) == 1 &&
               Seen(server, "/v1/replays/" + replay_).find(R"("sent")") != std::string::npos;
      }));
      EXPECT_TRUE(WaitUntil([&] { return IsAllCounted(server); }));
      EXPECT_TRUE(server.StopsAsPromised());
    }
    std::string toml;
    {
      std::ifstream file(world_.config_file());
      toml.assign(std::istreambuf_iterator<char>(file), {});
    }
    toml.replace(toml.find(kLimited), std::string(kLimited).size(), kOther);
    std::ofstream(world_.config_file()) << toml;
    for (std::size_t number = 0; number < kWaiting; ++number) {
      Send(world_.Envelope(std::to_string(100 + number)));
    }
  }

  static std::string Queue(const std::string& name) {
    return "[[queue]]\nname = \"" + name + "\"\n";
  }
  void Send(const std::string& body) { world_.Publish({"", kLimited}, {World::DeadMessage(body)}); }

  // Below /v1, every call of the page that reads, and the same with what may be revealed.
  [[nodiscard]] std::vector<std::string> Calls() const {
    static const std::regex kCall("`(/v1/[^`]*)`");
    std::ifstream page(DEADLETTER_SOURCE_DIR "/docs/http-api.md");
    std::vector<std::string> calls;
    for (std::string line; std::getline(page, line);) {
      if (!line.starts_with("| `/v1/")) continue;
      const std::string cell = TableCells(line).at(0);
      for (std::sregex_iterator call(cell.begin(), cell.end(), kCall), end; call != end; ++call) {
        calls.push_back(WithIds((*call)[1]));
        if (calls.back().starts_with("/v1/letters/"))
          calls.push_back(calls.back() + "?reveal=true");
      }
    }
    return calls;
  }
  [[nodiscard]] std::string WithIds(std::string path) const {
    const std::map<std::string, std::string> ids = {
        {"/v1/letters/", letter_}, {"/v1/executions/", "5"}, {"/v1/replays/", replay_}};
    if (path == "/v1/export") return path + "?since=2001-01-01T00:00:00Z";
    const std::size_t begin = path.find("{id}");
    if (begin == std::string::npos) return path;
    return path.replace(begin, 4, ids.at(path.substr(0, begin)));
  }
  [[nodiscard]] std::vector<std::vector<std::string>> Commands() const {
    return {{"groups"},
            {"groups", "--order", "letters", "--output", "json"},
            {"stats"},
            {"list", "--output", "json"},
            {"list", "--outcome", "malformed"},
            {"show", letter_},
            {"show", letter_, "--reveal"},
            {"show", replayed_, "--output", "json"},
            {"explain", "5"},
            {"audit"},
            {"replay", "--outcome", "failed", "--dry-run"},
            {"replays"},
            {"replays", replay_}};
  }

  [[nodiscard]] static bool IsAllCounted(Server& server) {
    return Seen(server, "/v1/stats").find(R"("uncounted_letters":0})") != std::string::npos;
  }
  [[nodiscard]] static std::string Seen(Server& server, const std::string& path) {
    if (path == "/v1/events") return FirstEvents(server);
    const HttpAnswer answer = HttpGet(server.url() + path);
    EXPECT_EQ(answer.status, 200) << path << ": " << answer.body;
    return answer.body;
  }
  // They go on and on: how everything stands at first.
  [[nodiscard]] static std::string FirstEvents(Server& server) {
    EventReader reader(server.url());
    EXPECT_EQ(reader.status(), 200);
    std::string told;
    for (const char* name : {"counts", "health"}) {
      const auto event = reader.NextOf(name);
      EXPECT_TRUE(event) << name;
      if (event) told += event->data + "\n";
    }
    return told;
  }
  // All that there is to be seen, by what was asked.
  [[nodiscard]] std::map<std::string, std::string> LookAtEverything(Server& server) const {
    std::map<std::string, std::string> seen;
    for (const std::string& call : Calls()) seen[call] = Seen(server, call);
    for (std::vector<std::string> command : Commands()) {
      const std::string name = command.front() + " " + command.back();
      command.insert(command.begin(), DEADLETTER_BINARY_DIR "/deadletter");
      const Finished finished =
          RunProgram(command, {{{"DEADLETTER_SERVER", server.url()}}, world_.folder()});
      EXPECT_EQ(finished.status, 0) << name << ": " << finished.output;
      seen[name] = finished.output;
    }
    // Each look at what is redacted adds to it; and a list tells how old its letters are.
    seen.erase("list malformed");
    seen.erase("groups groups");
    std::erase_if(seen, [](const auto& look) {
      // Statistics tell how deep queues are, and are of the last hours; events, who is away.
      return look.first.find("audit") != std::string::npos || look.first == "/v1/events" ||
             look.first.find("stats") != std::string::npos;
    });
    return seen;
  }

  // Takes all of a queue: none of it was ever given to anybody.
  void ExpectUntouched(const std::string& queue, std::size_t messages) {
    ASSERT_EQ(world_.pair().broker().ReadyMessages(queue), messages) << queue;
    const auto consumer = world_.pair().broker().MakeConsumer(queue);
    ASSERT_TRUE(consumer->Subscribe(100).has_value());
    std::size_t taken = 0;
    EXPECT_TRUE(WaitUntil([&] {
      const auto some = consumer->Receive({100, 1 << 20, std::chrono::milliseconds(100)});
      if (!some) return false;
      for (const Delivery& delivery : *some) {
        EXPECT_FALSE(delivery.redelivered) << queue;
        EXPECT_EQ(delivery.message.headers.Find("x-delivery-count"), nullptr) << queue;
        ++taken;
      }
      return taken >= messages;
    })) << queue;
    EXPECT_EQ(taken, messages) << queue;
  }

  World world_;
  std::string letter_, replayed_, replay_;
};

TEST_P(Looking, P7_NothingIsTakenFromAQueueGivenBackToItOrSent) {
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  ASSERT_THAT(Calls(), testing::SizeIs(testing::Ge(10u)));
  for (int look = 0; look < 3; ++look) {
    (void)LookAtEverything(server);
    for (const char* path : {"/metrics", "/readyz", "/healthz"}) (void)Seen(server, path);
    EXPECT_EQ(world_.Run({"topology", "check"}).status, 3) << "it finds the limits of that queue";
    EXPECT_EQ(world_.Run({"config", "check"}).status, 0);
  }
  EXPECT_TRUE(server.StopsAsPromised());
  ExpectUntouched(kLimited, kWaiting);
  ExpectUntouched(kWorkerQueue, 1);  // the message of the replay
  ExpectUntouched(kEventQueue, 2);
  ExpectUntouched(kOther, 0);
  EXPECT_THAT(world_.Letters(), testing::SizeIs(3));
}

TEST_P(Looking, P7_EverythingIsSeenAsWellWhileTheBrokerIsAway) {
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  const auto before = LookAtEverything(server);
  EXPECT_THAT(before.at("list json"), testing::HasSubstr("malformed"));
  const auto away = GetParam().take_broker_away(world_.pair());
  for (const auto& [look, seen] : LookAtEverything(server)) EXPECT_EQ(seen, before.at(look));
}

}  // namespace deadletter::test
