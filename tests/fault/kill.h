// SIGKILL at each named place on the road, a restart, and the account afterwards: nothing lost
// (P1), nothing twice (P3), everyone heard (P6).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <set>

#include "tests/system/world.h"

namespace deadletter::test {

struct KillCase {
  PairFactory pair;
  std::string point;
};

inline void PrintTo(const KillCase& kill, std::ostream* out) {
  *out << kill.pair.name << " " << kill.point;
}

inline std::vector<KillCase> CasesOf(const PairFactory& pair,
                                     const std::vector<std::string>& points) {
  std::vector<KillCase> cases;
  for (const std::string& point : points) cases.push_back({pair, point});
  return cases;
}

// The places on the road that both pairs have, and those that only one adapter has.
inline std::vector<KillCase> KillCases(const PairFactory& pair,
                                       const std::vector<std::string>& adapter_points) {
  std::vector<std::string> points = {"intake.received", "intake.read",   "settle.committed",
                                     "intake.settled",  "intake.ack",    "intake.acked",
                                     "outbox.claimed",  "relay.claimed", "relay.published",
                                     "outbox.marked",   "relay.marked"};
  points.insert(points.end(), adapter_points.begin(), adapter_points.end());
  return CasesOf(pair, points);
}

inline std::string KillName(const testing::TestParamInfo<KillCase>& info) {
  std::string name = info.param.pair.name + "_" + info.param.point;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

// Executions 1 to `count`: every one failed, recorded once, and heard of with one message id.
inline void ExpectAllFailedOnce(World& world, int count, Server& server) {
  std::map<std::string, int> heard;  // by execution, each event once by its message_id
  std::set<std::string> ids;
  ASSERT_TRUE(WaitUntil([&] {
    for (const auto& event : world.WaitForEvents(0)) {
      if (ids.insert(std::string(event.at("message_id").as_string())).second) {
        ++heard[std::to_string(event.at("payload").at("execution_id").as_int64())];
      }
    }
    return heard.size() == static_cast<std::size_t>(count);
  })) << heard.size()
      << " of " << count << "\n"
      << server.process().output();

  for (const auto& [execution, events] : heard) EXPECT_EQ(events, 1) << "execution " << execution;
  EXPECT_EQ(world.Letters().size(), static_cast<std::size_t>(count));
  for (int number = 1; number <= count; ++number) {
    EXPECT_EQ(world.Row(ExecutionId(std::int64_t{number})).status, "failed") << number;
  }
  EXPECT_EQ(world.pair().broker().ReadyMessages(kDeadLetterQueue), 0u);
}

class Kill : public testing::TestWithParam<KillCase> {};

TEST_P(Kill, P1_P3_P6_NothingIsLostOrDoubledAndEveryoneHears) {
  constexpr int kLetters = 60;
  World world(GetParam().pair);
  for (int number = 1; number <= kLetters; ++number) world.AddExecution(number);
  const auto publish = [&](int from, int until) {
    for (int number = from; number <= until; ++number)
      world.PublishDead(world.Envelope(std::to_string(number)));
  };

  publish(1, kLetters / 2);
  Server doomed = world.Serve({{"DEADLETTER_FAULT", GetParam().point + "=kill"}});
  ASSERT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL)
      << "the place was never reached:\n"
      << doomed.process().output();
  publish(kLetters / 2 + 1, kLetters);

  Server restarted = world.Serve();
  ExpectAllFailedOnce(world, kLetters, restarted);
}

// One of two on the same queue: what it held goes to the other one, which sleeps until then, so
// that the first one is sure to get its share.
class KillOneOfTwo : public testing::TestWithParam<KillCase> {};

TEST_P(KillOneOfTwo, P1_P3_P6_TheOtherOneFinishesAndNothingIsDoubled) {
  constexpr int kLetters = 200;
  World world(GetParam().pair);
  for (int number = 1; number <= kLetters; ++number) world.AddExecution(number);
  Server survivor = world.Serve();
  Server doomed = world.Serve({{"DEADLETTER_FAULT", GetParam().point + "=kill"}});
  ASSERT_TRUE(survivor.WaitUntilReady() && doomed.WaitUntilReady());
  survivor.process().Signal(SIGSTOP);
  ASSERT_TRUE(survivor.process().WaitForStop(kPatience));
  for (int number = 1; number <= kLetters; ++number)
    world.PublishDead(world.Envelope(std::to_string(number)));
  EXPECT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL) << doomed.process().output();
  survivor.process().Signal(SIGCONT);
  ExpectAllFailedOnce(world, kLetters, survivor);
}

}  // namespace deadletter::test
