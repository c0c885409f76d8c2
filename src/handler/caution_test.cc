#include "handler/caution.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

constexpr std::size_t kPrefetch = 10;

class CautionTest : public ::testing::Test {
 protected:
  void SubscribeAndTrust() {
    caution_.Subscribed();
    caution_.Acknowledged(1);
    caution_.Subscribed();
  }
  Caution caution_{kPrefetch};
};

TEST_F(CautionTest, P1_AChannelBeginsWithOneLetterUntilOneIsRecorded) {
  EXPECT_EQ(caution_.Prefetch(), 1U);
  caution_.Subscribed();
  EXPECT_EQ(caution_.Prefetch(), 1U);
  EXPECT_EQ(caution_.PrefetchAfter(1), kPrefetch);
  EXPECT_EQ(caution_.Prefetch(), 1U) << "asking changes nothing";
  caution_.Acknowledged(1);
  EXPECT_EQ(caution_.Prefetch(), kPrefetch);
  EXPECT_FALSE(caution_.ChannelEnded(false));
  EXPECT_EQ(caution_.Prefetch(), 1U) << "the next channel begins so again";
}

TEST_F(CautionTest, P1_NothingElseIsAskedForUntilTheLastSuspectIsRecorded) {
  SubscribeAndTrust();
  caution_.Suspect(3);
  caution_.Suspect(5);
  for (const std::uint64_t number : {2U, 3U, 4U}) {
    caution_.Acknowledged(number);
    EXPECT_EQ(caution_.Prefetch(), 1U) << number;
  }
  caution_.Acknowledged(5);
  EXPECT_EQ(caution_.Prefetch(), kPrefetch);
}

TEST_F(CautionTest, ASuspectOfAnotherChannelIsForgotten) {
  SubscribeAndTrust();
  caution_.Suspect(7);
  caution_.ChannelEnded(false);
  SubscribeAndTrust();
  EXPECT_EQ(caution_.Prefetch(), kPrefetch);
}

TEST_F(CautionTest, P1_WhatCannotBeReadIsLookedForOneByOneAmongAllThatWerePrefetchedWithIt) {
  SubscribeAndTrust();
  EXPECT_FALSE(caution_.ChannelEnded(true)) << "nine others were on their way with it";
  caution_.Subscribed();
  for (std::uint64_t number = 1; number < kPrefetch; ++number) {
    caution_.Acknowledged(number);
    EXPECT_EQ(caution_.Prefetch(), 1U) << number;
    caution_.Subscribed();
  }
  caution_.Acknowledged(kPrefetch);
  EXPECT_EQ(caution_.Prefetch(), kPrefetch) << "somebody took it out";
}

TEST_F(CautionTest, P1_TheSearchGoesOnOverTheChannelsThatItCosts) {
  SubscribeAndTrust();
  caution_.ChannelEnded(true);
  caution_.Subscribed();
  caution_.Acknowledged(4);
  caution_.ChannelEnded(false);
  caution_.Subscribed();
  caution_.Acknowledged(5);
  EXPECT_EQ(caution_.Prefetch(), 1U);
  caution_.Acknowledged(6);
  EXPECT_EQ(caution_.Prefetch(), kPrefetch);
}

TEST_F(CautionTest, P1_WhatEndsAChannelThatAskedForOneLetterIsFound) {
  caution_.Subscribed();
  EXPECT_TRUE(caution_.ChannelEnded(true));
  EXPECT_FALSE(Caution(kPrefetch).ChannelEnded(true)) << "nothing was asked for";
}

}  // namespace
}  // namespace deadletter
