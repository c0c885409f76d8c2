// The running server's events, as a page or a script follows them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/event_reader.h"
#include "tests/support/http_get.h"
#include "tests/system/tokens.h"
#include "tests/system/world.h"

namespace deadletter::test {

class FollowedEvents : public testing::TestWithParam<PairFactory> {
 protected:
  static boost::json::value Json(const std::optional<TestEvent>& event) {
    return event ? boost::json::parse(event->data) : boost::json::value();
  }
  static std::function<bool(const std::string&)> Has(const std::string& text) {
    return [text](const std::string& data) { return data.find(text) != std::string::npos; };
  }
  // So that each letter that comes is at the latest told of by the tick after it.
  static std::string NotJson(int number) { return "no json " + std::to_string(number); }
  static EventReaderOptions Asleep() { return {.headers = "", .receive_buffer_bytes = 1}; }
  static EventReaderOptions With(const std::string& token) {
    return {.headers = "Authorization: Bearer " + token + "\r\n", .receive_buffer_bytes = 0};
  }
};

TEST_P(FollowedEvents, EverythingIsToldFirstAndThenALetterThatDies) {
  World world(GetParam());
  world.AddExecution(4178263);
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  EventReader reader(server.url());
  ASSERT_EQ(reader.status(), 200) << server.process().output();
  const auto first = reader.Next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->name, "counts");
  EXPECT_EQ(Json(first).at("received"), 0);
  const auto second = reader.Next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->name, "health");
  EXPECT_EQ(Json(second).at("ready"), true);

  world.PublishDead(world.Envelope("4178263", R"(,"config":{"password":"S3cret"})"));
  std::string told;
  const auto failed = reader.NextOf("counts", [&](const std::string& data) {
    told += data;
    return data.find(R"("failed":1)") != std::string::npos;
  });
  ASSERT_TRUE(failed) << server.process().output();
  EXPECT_EQ(Json(failed).at("received"), 1);
  EXPECT_EQ(Json(failed).at("settled"), 1);
  // What the ledger tells is looked at less often; the letter is open there.
  const auto open = reader.NextOf("counts", [&](const std::string& data) {
    told += data;
    return data.find(R"("open":1)") != std::string::npos;
  });
  ASSERT_TRUE(open) << server.process().output();
  EXPECT_THAT(told, testing::Not(testing::HasSubstr("S3cret")));
  EXPECT_THAT(told, testing::Not(testing::HasSubstr("4178263")));
  EXPECT_TRUE(server.StopsAsPromised());
  EXPECT_TRUE(reader.EndsInOrder());
}

TEST_P(FollowedEvents, AReplayIsFollowedToItsEnd) {
  // Nobody works: what is sent dies again.
  World world(GetParam(), {.worker_ttl = std::chrono::milliseconds(300)});
  Server server = world.Serve();
  for (const int number : {1, 2}) {
    world.AddExecution(number);
    world.PublishDead(world.Envelope(std::to_string(number)));
  }
  ASSERT_EQ(world.WaitForLetters(2).size(), 2u) << server.process().output();
  EventReader reader(server.url());
  ASSERT_TRUE(reader.NextOf("health"));
  const HttpAnswer made = HttpPost(server.url() + "/v1/replays",
                                   R"({"filter":{"outcome":"failed"},"rate_per_second":0.001})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto id = boost::json::parse(made.body).at("id");
  const auto dead_again = reader.NextOf("replay", Has(R"("failed_again":1)"));
  ASSERT_TRUE(dead_again) << server.process().output();
  EXPECT_EQ(Json(dead_again).at("id"), id);
  EXPECT_EQ(Json(dead_again).at("state"), "running");
  EXPECT_EQ(Json(dead_again).at("counts").at("pending"), 1);
  const std::string place = server.url() + "/v1/replays/" + std::string(id.as_string());
  EXPECT_EQ(HttpPost(place + "/cancel", "").status, 200);
  const auto ended = reader.NextOf("replay", [](const std::string& data) {
    return !boost::json::parse(data).at("ended_at").is_null();
  });
  ASSERT_TRUE(ended) << server.process().output();
  EXPECT_EQ(Json(ended).at("state"), "cancelled");
  EXPECT_EQ(Json(ended).at("counts").at("withdrawn"), 1);
  const auto shown = boost::json::parse(HttpGet(place).body);
  EXPECT_EQ(Json(ended).at("counts"), shown.at("counts"));
  // Whoever comes just afterwards is told how it ended.
  EventReader later(server.url());
  EXPECT_EQ(Json(later.NextOf("replay")).at("state"), "cancelled");
}

TEST_P(FollowedEvents, WhatIsMissingIsToldAndThatItHasCome) {
  World world(GetParam(), {.queues = "[[queue]]\nname = \"later.dlq\"\n"});
  Server server = world.Serve();
  EventReader reader(server.url());
  const auto missing =
      reader.NextOf("health", Has(R"("part":"queue later.dlq","state":"missing")"));
  ASSERT_TRUE(missing) << server.process().output();
  EXPECT_EQ(Json(missing).at("ready"), false);
  world.pair().broker().DeclareQueue("later.dlq", {});
  const auto ready = reader.NextOf("health", Has(R"("ready":true)"));
  ASSERT_TRUE(ready) << server.process().output();
  EXPECT_EQ(Json(ready).at("pair"),
            boost::json::parse(HttpGet(server.url() + "/readyz").body).at("pair"));
}

// Without tokens everybody is the address that they come from.
TEST_P(FollowedEvents, P9_OneAddressMayFollowSoOften) {
  World world(GetParam());
  Server server = world.Serve();
  std::vector<std::unique_ptr<EventReader>> following;
  for (int count = 0; count < 8; ++count) {
    following.push_back(std::make_unique<EventReader>(server.url()));
    ASSERT_EQ(following.back()->status(), 200);
  }
  const HttpAnswer refused = HttpGet(server.url() + "/v1/events");
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body,
              testing::HasSubstr("the address follows the events already by 8 streams"));
  EXPECT_EQ(HttpGet(server.url() + "/v1/letters").status, 200) << "who only looks is not kept out";
  for (const auto& reader : following) EXPECT_TRUE(reader->NextOf("health"));
  following.clear();
  EXPECT_TRUE(WaitUntil([&] { return EventReader(server.url()).status() == 200; }));
}

// The kernel's buffers are soon full, and what comes then is kept for nobody.
TEST_P(FollowedEvents, P9_WhoReadsNothingHarmsNobodyAndIsLetGo) {
  World world(GetParam());
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  std::vector<std::unique_ptr<EventReader>> asleep;
  for (int count = 0; count < 7; ++count)
    asleep.push_back(std::make_unique<EventReader>(server.url(), Asleep()));
  EventReader reader(server.url());
  ASSERT_TRUE(reader.NextOf("counts"));
  const auto let_go = [&] {
    const std::string said = server.process().output();
    std::size_t times = 0;
    for (std::size_t at = said.find("follower_let_go"); at != std::string::npos;
         at = said.find("follower_let_go", at + 1))
      ++times;
    return times;
  };
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (int number = 1; let_go() < asleep.size(); ++number) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << server.process().output();
    world.PublishDead(NotJson(number));
    ASSERT_TRUE(reader.NextOf("counts", Has(R"("malformed":)" + std::to_string(number) + ",")))
        << "it is held up: " << server.process().output();
  }
  for (const auto& each : asleep) EXPECT_LT(each->BytesLeft(), std::size_t{256} << 10);
  EXPECT_TRUE(server.StopsAsPromised());
}

TEST_P(FollowedEvents, AStopEndsThemWhoeverReads) {
  World world(GetParam());
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  EventReader asleep(server.url(), Asleep());
  EventReader reader(server.url());
  ASSERT_TRUE(reader.NextOf("health"));
  EXPECT_TRUE(server.StopsAsPromised());
  EXPECT_TRUE(reader.EndsInOrder());
}

TEST_P(FollowedEvents, AViewerMayUntilTheTokenIsTakenBack) {
  World world(GetParam());
  const std::string folder = world.folder();
  const std::string viewer = NewToken(folder, "vera", "viewer");
  const std::string admin = NewToken(folder, "anna", "admin");
  Server server = world.Serve({{"DEADLETTER_AUTH_TOKENS_FILE", folder + "/tokens"}});
  EXPECT_EQ(EventReader(server.url()).status(), 401);
  EXPECT_EQ(EventReader(server.url(), With("guess")).status(), 401);
  EventReader reader(server.url(), With(viewer));
  EventReader other(server.url(), With(admin));
  ASSERT_TRUE(reader.NextOf("health"));
  ASSERT_TRUE(other.NextOf("health"));
  std::ifstream read(folder + "/tokens");
  std::string left;
  for (std::string line; std::getline(read, line);) {
    if (!line.starts_with("vera ")) left += line + "\n";
  }
  std::ofstream(folder + "/tokens.new") << left;
  std::filesystem::rename(folder + "/tokens.new", folder + "/tokens");
  EXPECT_TRUE(reader.EndsInOrder());
  world.PublishDead(NotJson(1));
  EXPECT_TRUE(other.NextOf("counts", Has(R"("malformed":1)")));
  EXPECT_EQ(EventReader(server.url(), With(viewer)).status(), 401);
}

}  // namespace deadletter::test
