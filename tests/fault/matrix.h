// The crash matrix: SIGKILL at every named point of a pair, in one world, while letters of every
// kind are being published; alone and as one of two. The account at the end says that no promise
// was broken.
#pragma once

#include <gtest/gtest.h>

#include <iostream>

#include "tests/campaign/campaign.h"
#include "tests/campaign/points.h"

namespace deadletter::test {

inline constexpr std::uint64_t kMatrixSeed = 20'260'101;

class CrashMatrix : public testing::TestWithParam<PairFactory> {};

TEST_P(CrashMatrix, NoPromiseIsBrokenByAKillAtAnyPoint) {
  Campaign campaign(GetParam(), kMatrixSeed);
  const std::vector<std::string> points = MatrixPoints(GetParam().name);
  // Once and never again in a ledger's life, and so first.
  for (const std::string& point : points) {
    if (!point.starts_with("migrate.")) continue;
    ASSERT_TRUE(campaign.KillAt(point)) << campaign.why();
  }
  bool one_of_two = false;
  for (const std::string& point : points) {
    if (point.starts_with("migrate.")) continue;
    one_of_two = !one_of_two;
    if (one_of_two) campaign.StartSecond();
    ASSERT_TRUE(campaign.KillAt(point)) << campaign.why();
    campaign.KillSecond();
  }
  campaign.Close();
  EXPECT_TRUE(campaign.tally().Holds()) << campaign.tally().findings;
  for (const std::string& point : points) {
    const auto kills = campaign.tally().kills.find(point);
    ASSERT_NE(kills, campaign.tally().kills.end()) << point;
    if (IsAtStart(GetParam().name, point)) continue;
    EXPECT_GT(kills->second.in_hand, 0u) << point << ": nothing was in hand";
  }
  for (const std::string& outcome : campaign.OutcomesDue()) {
    EXPECT_TRUE(campaign.tally().became.contains(outcome)) << "no letter was " << outcome;
  }
  EXPECT_GE(campaign.tally().AllKills(), 30u) << "sixty on both pairs";
  std::cout << campaign.tally().AllKills() << " kills, " << campaign.tally().messages
            << " messages\n";
}

}  // namespace deadletter::test
