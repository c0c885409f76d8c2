// SIGKILL at every named point of a replay: afterwards each message was sent at most once, every
// one that was confirmed is there, and the ledger says of which it cannot tell (P1, P3).
#pragma once

#include <signal.h>

#include <set>

#include "tests/replay/replay_world.h"

namespace deadletter::test {

inline constexpr const char* kReplayPoints[] = {
    "replayclaim.before", "replayclaim.after", "replaysend.before",
    "replaysend.after",   "replaymark.before", "replaymark.after",
};

struct ReplayKill {
  PairFactory pair;
  std::string point;
};

inline void PrintTo(const ReplayKill& kill, std::ostream* out) {
  *out << kill.pair.name << " " << kill.point;
}

inline std::vector<ReplayKill> ReplayKillsOf(const PairFactory& pair) {
  std::vector<ReplayKill> kills;
  for (const char* point : kReplayPoints) kills.push_back({pair, point});
  return kills;
}

inline std::string ReplayKillName(const testing::TestParamInfo<ReplayKill>& info) {
  std::string name = info.param.point;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

class KillInReplay : public testing::TestWithParam<ReplayKill> {};

TEST_P(KillInReplay, P3_NothingIsSentTwiceAndWhatIsInDoubtIsShownSo) {
  constexpr int kLetters = 30;
  ReplayWorld replays(GetParam().pair);
  World& world = replays.world();
  {
    Server first = world.Serve();
    replays.FailTold(1, kLetters);
    EXPECT_TRUE(first.StopsAsPromised());
  }
  std::string replay;
  {
    // At twenty a second a window is a letter or two: the kill comes in the middle.
    Server doomed = world.Serve({{"DEADLETTER_FAULT", GetParam().point + "=kill@3"}});
    replay = replays.MakeTold(
        doomed,
        R"({"filter":{"outcome":"failed"},"rate_per_second":20,"answer_within_seconds":30})");
    ASSERT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL) << doomed.process().output();
  }
  Server server = world.Serve();
  ASSERT_TRUE(WaitUntil([&] { return ReplayWorld::Count(server, replay, "sent") == kLetters; }))
      << server.process().output();
  ASSERT_TRUE(WaitUntil([&] {
    const auto parts = ReplayWorld::Parts(server, replay);
    return std::ranges::none_of(parts, [](const auto& part) {
      return part.second == "pending" || part.second == "claimed" || part.second == "unsent";
    });
  })) << server.process().output();
  const auto parts = ReplayWorld::Parts(server, replay);

  const auto leases = replays.Take(replays.Waiting());
  std::multiset<std::string> sent;
  for (const Lease& lease : leases) sent.insert(ReplayWorld::ExecutionOf(lease).ToString());
  std::size_t in_doubt = 0;
  for (const auto& [execution, standing] : parts) {
    EXPECT_LE(sent.count(execution), 1u) << "P3: execution " << execution << " was sent twice";
    in_doubt += standing == "in_doubt" ? 1 : 0;
    if (standing == "in_doubt") continue;
    EXPECT_EQ(sent.count(execution), 1u) << "P1: execution " << execution << " is " << standing;
  }
  const std::string& point = GetParam().point;
  const bool leaves_doubt = point != "replayclaim.before" && point != "replaymark.after";
  EXPECT_EQ(in_doubt > 0, leaves_doubt);
  EXPECT_LE(in_doubt, 5u) << "more than one window";

  // Every execution's end becomes known: those whose message is there succeed, in doubt or not.
  replays.Complete(leases);
  replays.EndAllWaiting();
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, replay, "succeeded"),
            static_cast<std::int64_t>(leases.size()));
  EXPECT_EQ(ReplayWorld::Count(server, replay, "in_doubt"),
            kLetters - static_cast<std::int64_t>(leases.size()));

  // P5: whoever has looked may send those again.
  if (leases.size() < kLetters) {
    const std::string again = replays.MakeTold(server, kAllFailed);
    replays.Complete(replays.Take(kLetters - leases.size()));
    EXPECT_TRUE(ReplayWorld::WaitForState(server, again, "done")) << server.process().output();
  }
  for (int number = 1; number <= kLetters; ++number) {
    EXPECT_EQ(world.Row(ExecutionId(std::int64_t{number})).status, "completed") << number;
  }
  replays.ExpectAllIsWell({&server});
}

class KillOneOfTwoInReplay : public testing::TestWithParam<PairFactory> {};

TEST_P(KillOneOfTwoInReplay, P1_P3_TheOtherGoesOnWithItAndNothingIsLostOrSentTwice) {
  constexpr int kLetters = 40;
  ReplayWorld replays(GetParam());
  World& world = replays.world();
  Server driving = world.Serve();
  replays.FailTold(1, kLetters);
  const std::string replay = replays.MakeTold(
      driving,
      R"({"filter":{"outcome":"failed"},"rate_per_second":20,"answer_within_seconds":30})");
  ASSERT_TRUE(WaitUntil([&] { return ReplayWorld::Count(driving, replay, "sent") >= 5; }));
  Server other = world.Serve();
  ASSERT_TRUE(other.WaitUntilReady());
  driving.process().Signal(SIGKILL);
  ASSERT_EQ(driving.process().WaitForExit(kPatience), 128 + SIGKILL);
  ASSERT_TRUE(ReplayWorld::WaitForCount(other, replay, "sent", kLetters))
      << other.process().output();
  ASSERT_TRUE(ReplayWorld::WaitForCount(other, replay, "pending", 0));

  // At most the one window of the dead one is in doubt; each other message is there, once.
  ASSERT_TRUE(WaitUntil([&] {
    const auto parts = ReplayWorld::Parts(other, replay);
    return std::ranges::none_of(parts, [](const auto& part) { return part.second == "claimed"; });
  }));
  const auto parts = ReplayWorld::Parts(other, replay);
  const auto in_doubt = std::ranges::count(parts, std::string("in_doubt"),
                                           [](const auto& part) { return part.second; });
  EXPECT_LE(in_doubt, 5);
  const auto leases = replays.Take(replays.Waiting());
  std::multiset<std::string> sent;
  for (const Lease& lease : leases) sent.insert(ReplayWorld::ExecutionOf(lease).ToString());
  for (const auto& [execution, standing] : parts) {
    EXPECT_LE(sent.count(execution), 1u) << "P3: execution " << execution << " was sent twice";
    if (standing == "in_doubt") continue;
    EXPECT_EQ(sent.count(execution), 1u) << "P1: execution " << execution << " is " << standing;
  }
  replays.Complete(leases);
  replays.EndAllWaiting();
  EXPECT_TRUE(ReplayWorld::WaitForState(other, replay, "done")) << other.process().output();
  EXPECT_EQ(ReplayWorld::Count(other, replay, "succeeded"),
            static_cast<std::int64_t>(leases.size()));
  replays.ExpectAllIsWell({&other});
}

}  // namespace deadletter::test
