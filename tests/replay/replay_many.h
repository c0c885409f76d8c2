// A replay of many letters whose server is killed twice in the middle, at a moment of chance: the
// program as users have it, without fault points.
#pragma once

#include <csignal>
#include <cstdlib>
#include <set>

#include "tests/replay/replay_world.h"

namespace deadletter::test {

class ReplayingMany : public testing::TestWithParam<PairFactory> {
 protected:
  // DEADLETTER_LOAD=full: what the others call a load.
  static int Letters() { return std::getenv("DEADLETTER_LOAD") == nullptr ? 500 : 100'000; }
};

TEST_P(ReplayingMany, P1_P3_OfManyLettersNoneIsLostOrSentTwiceWhereTheServerIsKilledTwice) {
  const int letters = Letters();
  constexpr int kPortion = 500;
  constexpr std::int64_t kWindow = 200;
  ReplayWorld replays(GetParam());
  World& world = replays.world();
  auto server = std::unique_ptr<Server>(new Server(world.ServeReleased()));
  for (int first = 1; first <= letters; first += kPortion) {
    replays.SendDead(first, first + kPortion - 1);
  }
  ASSERT_TRUE(WaitUntil([&] {
    const HttpAnswer dry =
        ReplayWorld::Ask(*server, R"({"filter":{"outcome":"failed"},"dry_run":true})");
    return dry.status == 200 && boost::json::parse(dry.body).at("letters") == letters;
  })) << server->process().output();

  const std::string replay =
      replays.MakeTold(*server, R"({"filter":{"outcome":"failed"},"rate_per_second":)" +
                                    std::to_string(letters / 5) + "}");
  for (const int part : {1, 2}) {
    ASSERT_TRUE(WaitUntil([&] {
      return ReplayWorld::Count(*server, replay, "sent") >= letters / 3 * part;
    })) << server->process().output();
    server->process().Signal(SIGKILL);
    ASSERT_EQ(server->process().WaitForExit(kPatience), 128 + SIGKILL);
    server.reset(new Server(world.ServeReleased()));
  }
  ASSERT_TRUE(ReplayWorld::WaitForCount(*server, replay, "pending", 0))
      << server->process().output();
  // Whatever is claimed by now is marked soon.
  std::set<std::string> in_doubt;
  ASSERT_TRUE(WaitUntil([&] {
    in_doubt.clear();
    const auto doubtful =
        server->Get("/v1/replays/" + replay + "/letters?outcome=in_doubt&limit=1000");
    for (const boost::json::value& letter : doubtful.at("items").as_array())
      in_doubt.insert(std::string(letter.at("execution_id").as_string()));
    const auto sent = static_cast<std::int64_t>(replays.Waiting());
    return sent >= letters - static_cast<std::int64_t>(in_doubt.size());
  })) << server->process().output();
  EXPECT_LE(in_doubt.size(), 2U * kWindow) << "more than one window a kill";

  std::multiset<std::string> sent;
  while (const std::size_t waiting = replays.Waiting()) {
    const auto leases = replays.Take(std::min<std::size_t>(waiting, kPortion));
    for (const Lease& lease : leases) sent.insert(ReplayWorld::ExecutionOf(lease).ToString());
    replays.Complete(leases);
  }
  for (int number = 1; number <= letters; ++number) {
    const std::string execution = std::to_string(number);
    EXPECT_LE(sent.count(execution), 1U) << "P3: execution " << execution << " was sent twice";
    if (in_doubt.contains(execution)) continue;
    EXPECT_EQ(sent.count(execution), 1U) << "P1: execution " << execution << " was not sent";
  }
  // Every end becomes known, those in doubt whose message is there included.
  EXPECT_TRUE(ReplayWorld::WaitForCount(*server, replay, "succeeded",
                                        static_cast<std::int64_t>(sent.size())))
      << ReplayWorld::Show(*server, replay);
  EXPECT_EQ(ReplayWorld::Count(*server, replay, "in_doubt"),
            letters - static_cast<std::int64_t>(sent.size()));
  replays.EndAllWaiting();
  EXPECT_TRUE(ReplayWorld::WaitForState(*server, replay, "done")) << server->process().output();
  replays.ExpectAllIsWell({server.get()});
  std::cout << letters << " letters, " << in_doubt.size() << " in doubt, of which "
            << in_doubt.size() - (static_cast<std::size_t>(letters) - sent.size())
            << " were sent\n";
}

}  // namespace deadletter::test
