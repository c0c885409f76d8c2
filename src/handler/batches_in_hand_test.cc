#include "handler/batches_in_hand.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

DeliveryTag Tag(std::uint64_t number) {
  return {.generation = 1, .number = number};
}

std::uint64_t Number(const std::optional<DeliveryTag>& tag) {
  return tag ? tag->number : 0;
}

TEST(BatchesInHand, P1_ABatchThatIsRecordedFirstWaitsForThoseTakenBeforeIt) {
  BatchesInHand in_hand;
  const auto first = in_hand.Take();
  const auto second = in_hand.Take();
  const auto third = in_hand.Take();
  EXPECT_EQ(Number(in_hand.Recorded(second, Tag(20), true)), 0U);
  EXPECT_EQ(Number(in_hand.Recorded(first, Tag(10), true)), 20U);
  EXPECT_EQ(Number(in_hand.Recorded(third, Tag(30), true)), 30U);
}

TEST(BatchesInHand, P1_OfABatchThatIsRecordedInPiecesThePiecesAreAcknowledged) {
  BatchesInHand in_hand;
  const auto first = in_hand.Take();
  const auto second = in_hand.Take();
  EXPECT_EQ(Number(in_hand.Recorded(second, Tag(15), false)), 0U);
  EXPECT_EQ(Number(in_hand.Recorded(first, Tag(4), false)), 4U);
  EXPECT_EQ(Number(in_hand.Recorded(first, Tag(10), true)), 15U);
  EXPECT_EQ(Number(in_hand.Recorded(second, Tag(20), true)), 20U);
}

TEST(BatchesInHand, P1_WhatIsTheBrokersAgainIsNotAcknowledgedAndHoldsNothingUp) {
  BatchesInHand in_hand;
  const auto lost = in_hand.Take();
  in_hand.Forget();
  const auto later = in_hand.Take();
  EXPECT_EQ(Number(in_hand.Recorded(lost, Tag(10), true)), 0U);
  EXPECT_EQ(Number(in_hand.Recorded(later, Tag(3), true)), 3U);
}

TEST(BatchesInHand, P1_WhatIsOfAQueueThatIsNoMoreStaysInHandAndHoldsNothingUp) {
  BatchesInHand in_hand;
  const auto taken_before = in_hand.Take();
  in_hand.LetGo();
  const auto taken_after = in_hand.TakeGone();
  const auto of_the_next_queue = in_hand.Take();
  in_hand.Forget();  // the next channel is lost, too
  EXPECT_TRUE(in_hand.Has(taken_before) && in_hand.IsGone(taken_before));
  EXPECT_TRUE(in_hand.Has(taken_after) && in_hand.IsGone(taken_after));
  EXPECT_FALSE(in_hand.Has(of_the_next_queue));
  const auto again = in_hand.Take();
  EXPECT_EQ(Number(in_hand.Recorded(again, Tag(1), true)), 1U);
  EXPECT_EQ(Number(in_hand.Recorded(taken_before, Tag(9), false)), 0U);
  EXPECT_TRUE(in_hand.Has(taken_before)) << "there is more of it";
  EXPECT_EQ(Number(in_hand.Recorded(taken_before, Tag(10), true)), 0U);
  EXPECT_FALSE(in_hand.Has(taken_before));
}

}  // namespace
}  // namespace deadletter
