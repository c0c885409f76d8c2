// SIGKILL of one of two servers at a named place, with the other one sure to have been given
// nothing; the account at the end (P1, P2, P3, P4, P6). Every place: matrix.h.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "tests/account/books.h"

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

inline std::string KillName(const testing::TestParamInfo<KillCase>& info) {
  std::string name = info.param.pair.name + "_" + info.param.point;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

// One of two on the same queue: what it held goes to the other one, which sleeps until then, so
// that the first one is sure to get its share.
class KillOneOfTwo : public testing::TestWithParam<KillCase> {};

TEST_P(KillOneOfTwo, TheOtherOneFinishesAndNothingIsLostOrDoubled) {
  constexpr int kLetters = 200;
  World world(GetParam().pair);
  Account account;
  AddExecutions(world, account, 1, kLetters);
  Server survivor = world.Serve();
  Server doomed = world.Serve({{"DEADLETTER_FAULT", GetParam().point + "=kill"}});
  ASSERT_TRUE(survivor.WaitUntilReady() && doomed.WaitUntilReady());
  world.PutToSleep(survivor);
  SendRequests(world, account, 1, kLetters);
  EXPECT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL) << doomed.process().output();
  survivor.process().Signal(SIGCONT);
  const Balance balance = CloseBooks(world, account, {&survivor});
  EXPECT_EQ(balance.failed, static_cast<std::size_t>(kLetters));
}

}  // namespace deadletter::test
