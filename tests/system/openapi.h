// The served OpenAPI document, held against the running server by a client that a public generator
// makes from it: tests/openapi.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/folders.h"
#include "tests/support/odd_bodies.h"
#include "tests/system/tokens.h"
#include "tests/system/world.h"

namespace deadletter::test {

struct DocumentCase {
  PairFactory pair;
  bool has_work = false;  // over HTTP
  // A pair whose ledger can be taken away from the server alone; without `make` there is none.
  PairFactory losable{};
  std::function<void(Pair&)> take_ledger_away{};
};

inline void PrintTo(const DocumentCase& document, std::ostream* out) {
  *out << document.pair.name;
}

class ServedDocument : public testing::TestWithParam<DocumentCase> {
 protected:
  using Environment = std::map<std::string, std::string>;
  static constexpr std::int64_t kExecution = 5005;  // of no odd body
  static constexpr const char* kUnreadable = "no json, and so anything may be in it";
  // A client of a document knows one path, whichever server it asks.
  static constexpr const char* kBasePath = "/dead/letters";

  [[nodiscard]] static Environment With(Environment environment) {
    environment["DEADLETTER_HTTP_BASE_PATH"] = kBasePath;
    // The client is faster than people are.
    environment.try_emplace("DEADLETTER_HTTP_REQUESTS_PER_SECOND", "100000");
    return environment;
  }

  // A world in which a server has something of everything to show.
  [[nodiscard]] static WorldOptions Rich() {
    return {.top = "redact = ['/payload/config/**/pass*']\n", .toml = R"(
[[policy]]
name = "parked"
match = { action = "core.park" }
verdict = "park"
[[policy]]
name = "discarded"
match = { action = "core.discard" }
verdict = "discard"
[[policy]]
name = "again"
match = { action = "core.retry" }
verdict = "retry"
retry = { delay = "1h", max_delay = "1h", max_attempts = 1 }
)"};
  }

  // Letters of many outcomes and reasons, with bodies and headers of every kind.
  [[nodiscard]] static std::vector<Message> Letters(World& world) {
    std::vector<Message> letters;
    const auto add = [&](const std::string& body, const std::string& reason = "expired") {
      letters.push_back(World::DeadMessage(body, reason));
    };
    const auto add_execution = [&](std::int64_t number, const std::string& more,
                                   const std::string& reason) {
      world.AddExecution(number);
      add(world.Envelope(std::to_string(number), more), reason);
    };
    add_execution(kExecution, R"(,"worker_id":7,"config":{"db":{"password":"S3cret"}})", "expired");
    for (FieldEntry& header : OddHeaders())
      letters.back().headers.entries.push_back(std::move(header));
    letters.back().properties = EveryProperty();
    add_execution(6, "", "rejected");
    add_execution(7, "", "maxlen");
    add_execution(8, "", "delivery_limit");
    add_execution(9, "", "melted");
    std::int64_t number = 10;
    for (const char* action : {"core.park", "core.discard", "core.retry"})
      add_execution(number++, R"(,"action_ref":")" + std::string(action) + '"', "expired");
    world.AddExecution(number, "completed");
    add(world.Envelope(std::to_string(number)));
    add(kUnreadable);
    for (const OddBody& odd : OddBodies(1000)) {
      if (odd.execution_id) world.AddExecution(*odd.execution_id);
      add(odd.body);
    }
    return letters;
  }

  // One by one: a list of them in braces, nested as they are, takes a compiler minutes.
  [[nodiscard]] static std::vector<FieldEntry> OddHeaders() {
    std::vector<FieldEntry> headers;
    const auto add = [&headers](const char* name, auto value) {
      headers.emplace_back(name, FieldValue(std::move(value)));
    };
    add("void", FieldVoid{});
    add("flag", true);
    add("int8", std::int8_t{-5});
    add("int64", std::int64_t{-9'000'000'000'000'000'000});
    add("double", -0.1);
    add("decimal", FieldDecimal{2, 31'415});
    add("timestamp", FieldTimestamp{1'700'000'000});
    add("string", std::string("any \0 bytes \xff", 13));
    add("bytes", FieldBytes{std::string("\0\xfe", 2)});
    FieldArray array;
    array.emplace_back(std::int64_t{1});
    array.emplace_back(std::string("two"));
    array.emplace_back(FieldArray());
    add("array", std::move(array));
    FieldTable deep;
    deep.entries.emplace_back("!t", FieldValue(true));
    FieldTable table;
    table.entries.emplace_back("deep", FieldValue(std::move(deep)));
    add("table", std::move(table));
    add("trace", std::string("abc"));
    return headers;
  }
  [[nodiscard]] static Properties EveryProperty() {
    Properties properties;
    properties.content_type = "application/json";
    properties.content_encoding = "identity";
    properties.priority = 0;
    properties.correlation_id = "correlation";
    properties.reply_to = "reply";
    properties.timestamp = 1'700'000'000;
    properties.type = "type";
    properties.app_id = "app";
    properties.cluster_id = "cluster";
    return properties;
  }

  [[nodiscard]] static boost::json::value UrlOf(Server& server) {
    boost::json::object described;
    described["url"] = server.url();
    return described;
  }
  [[nodiscard]] static std::string IdOf(const LetterSummary& letter) {
    return FormatUuid(letter.id.value());
  }
  // The letter whose body that is.
  [[nodiscard]] static std::string WithBody(World& world, const std::vector<LetterSummary>& letters,
                                            const std::string& body) {
    for (const LetterSummary& letter : letters) {
      if (world.Record(letter.id).message.body == body) return IdOf(letter);
    }
    throw std::runtime_error("no letter has the body " + body);
  }
};

TEST_P(ServedDocument, AClientMadeFromItFindsEveryAnswerAsItSays) {
  World world(GetParam().pair, Rich());
  const std::string folder = world.folder();
  boost::json::object tokens;
  for (const char* role : {"viewer", "operator", "admin"})
    tokens[role] = NewToken(folder, role, role);
  // One token alone does not take all the streams that there are.
  for (const char* name : {"second", "third"}) tokens[name] = NewToken(folder, name, "viewer");
  Server full = world.Serve(With({{"DEADLETTER_AUTH_TOKENS_FILE", folder + "/tokens"}}));
  const std::vector<Message> sent = Letters(world);
  world.Publish({kDeadLetterExchange, "execution.dispatch.worker.7"}, sent);
  const auto letters = world.WaitForLetters(sent.size());
  ASSERT_EQ(letters.size(), sent.size()) << full.process().output();
  ASSERT_TRUE(full.WaitUntilReady()) << full.process().output();
  const auto whole = std::ranges::find(letters, std::to_string(kExecution), [](const auto& one) {
    return one.execution_id.value_or("");
  });
  ASSERT_NE(whole, letters.end());

  // Without tokens, and with a queue that is not there.
  World open(GetParam().pair, {.queues = "[[queue]]\nname = \"not.there\"\n"});
  Server observing = open.Serve(With({{"DEADLETTER_EXECUTIONS_MODE", "observe"}}));
  (void)observing.url();  // one of them makes the tables
  Server narrow = open.Serve(With({{"DEADLETTER_HTTP_REQUESTS_PER_SECOND", "1"}}));

  struct Losing {
    World world;
    Server server;
    explicit Losing(const PairFactory& pair) : world(pair), server(world.Serve(With({}))) {}
  };
  std::unique_ptr<Losing> losing;
  boost::json::value away = nullptr;
  if (GetParam().losable.make) {
    losing = std::make_unique<Losing>(GetParam().losable);
    ASSERT_TRUE(losing->server.WaitUntilReady()) << losing->server.process().output();
    GetParam().take_ledger_away(losing->world.pair());
    away = UrlOf(losing->server);
  }

  // Member by member: what nests in braces takes a compiler minutes.
  boost::json::object ids;
  ids["letters"] = IdOf(*whole);
  ids["executions"] = std::to_string(kExecution);
  ids["groups"] = ToHex(whole->group);
  if (GetParam().has_work) {
    ids["queues"] = kWorkerQueue;
    ids["dead_letter_queue"] = kDeadLetterQueue;
  }
  boost::json::object all;
  all["url"] = full.url();
  all["tokens"] = std::move(tokens);
  all["ids"] = std::move(ids);
  all["unreadable"] = WithBody(world, letters, kUnreadable);
  boost::json::object described;
  described["full"] = std::move(all);
  described["observing"] = UrlOf(observing);
  described["narrow"] = UrlOf(narrow);
  described["away"] = std::move(away);
  std::ofstream(folder + "/world.json") << boost::json::serialize(described);
  std::filesystem::create_directory(folder + "/client");
  const Finished client =
      RunProgram({"node", DEADLETTER_BINARY_DIR "/tests/openapi/client.mjs", folder + "/world.json",
                  folder + "/client"},
                 {.environment = {}, .folder = folder}, std::chrono::minutes(10));
  EXPECT_EQ(client.status, 0) << client.output << full.process().output();
  EXPECT_THAT(client.standard_output,
              testing::HasSubstr(std::to_string(letters.size()) + " letters, "))
      << client.output;
  EXPECT_TRUE(full.StopsAsPromised());
}

}  // namespace deadletter::test
