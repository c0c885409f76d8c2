#include "handler/letter_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deadletter {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LetterBufferTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kMaxBatchBytes = 100;
  static constexpr Instant kNow{std::chrono::hours(24)};

  void Add(const std::string& body, std::size_t bytes, std::uint64_t deliveries_before = 0,
           std::optional<Instant> judged_at = kNow) {
    LetterBuffer::Received received;
    received.judgement.letter.delivery.message.body = body;
    received.judgement.letter.delivery.tag = {.generation = 1, .number = ++last_tag_};
    received.bytes = bytes;
    received.judged_at = judged_at;
    if (deliveries_before > 0) {
      received.judgement.letter.delivery.redelivered = true;
      received.judgement.letter.delivery.message.headers.entries = {
          {"x-delivery-count", {static_cast<std::int64_t>(deliveries_before)}}};
    }
    buffer_.Add(std::move(received));
  }
  std::vector<std::string> Take(std::size_t limit) {
    to_judge_.clear();
    batch_ = buffer_.Take(limit, kNow, to_judge_);
    std::vector<std::string> bodies;
    for (const Judgement& one : batch_.judgements)
      bodies.push_back(one.letter.delivery.message.body);
    return bodies;
  }

  LetterBuffer buffer_{kMaxBatchBytes};
  TakenBatch batch_;
  std::vector<std::size_t> to_judge_;

 private:
  std::uint64_t last_tag_ = 0;
};

TEST_F(LetterBufferTest, AWholeBatchIsAsManyLettersOrBytesAsMayBeTakenAtOnce) {
  EXPECT_FALSE(buffer_.CanTake());
  Add("a", 10);
  EXPECT_TRUE(buffer_.CanTake());
  EXPECT_FALSE(buffer_.CanTakeWhole(2));
  Add("b", 10);
  EXPECT_TRUE(buffer_.CanTakeWhole(2));
  EXPECT_FALSE(buffer_.CanTakeWhole(3));
  Add("c", 80);
  EXPECT_TRUE(buffer_.CanTakeWhole(10)) << "bytes";
}

// What comes alone waits for all that are out, and all others for it.
TEST_F(LetterBufferTest, P1_ALetterThatComesOftenIsOutAlone) {
  Add("a", 10);
  Add("suspect", 10, 3);
  Add("b", 10);
  EXPECT_THAT(Take(10), ElementsAre("a"));
  EXPECT_FALSE(buffer_.CanTake()) << "another one is out";
  buffer_.Release(batch_);
  EXPECT_TRUE(buffer_.CanTake());
  EXPECT_FALSE(buffer_.CanTakeWhole(1));
  EXPECT_THAT(Take(10), ElementsAre("suspect"));
  EXPECT_FALSE(buffer_.CanTake() || buffer_.CanTakeWhole(1)) << "it is out";
  buffer_.Release(batch_);
  EXPECT_THAT(Take(10), ElementsAre("b"));
}

TEST_F(LetterBufferTest, P9_ALetterThatIsLargerThanABatchIsOutAlone) {
  Add("a", 10);
  Add("large", kMaxBatchBytes + 1);
  Add("b", 10);
  EXPECT_THAT(Take(10), ElementsAre("a"));
  EXPECT_FALSE(buffer_.CanTake() || buffer_.CanTakeWhole(1)) << "another one is out";
  buffer_.Release(batch_);
  EXPECT_FALSE(buffer_.CanTakeWhole(1));
  EXPECT_THAT(Take(10), ElementsAre("large"));
  EXPECT_FALSE(buffer_.CanTake() || buffer_.CanTakeWhole(1)) << "it is out";
  buffer_.Release(batch_);
  EXPECT_TRUE(buffer_.CanTakeWhole(1));
}

TEST_F(LetterBufferTest, P1_LettersOfAQueueThatIsNoMoreAreKeptAndTakenByThemselves) {
  Add("gone", 10);
  Add("gone, too", 10);
  buffer_.LetGo();
  Add("of the next queue", 20);
  buffer_.Drop();
  EXPECT_EQ(buffer_.bytes(), 20U) << "the last one comes again";
  Add("of the next queue", 20);
  EXPECT_THAT(Take(10), ElementsAre("gone", "gone, too"));
  EXPECT_TRUE(batch_.IsGone());
  EXPECT_THAT(Take(10), ElementsAre("of the next queue"));
  EXPECT_FALSE(batch_.IsGone());
}

TEST_F(LetterBufferTest, P9_WhatWasTakenCountsUntilItIsReleased) {
  Add("a", 10);
  Add("b", 20);
  EXPECT_THAT(Take(1), ElementsAre("a"));
  EXPECT_EQ(buffer_.bytes(), 30U);
  buffer_.Drop();
  EXPECT_EQ(buffer_.bytes(), 10U) << "what is in hand is in memory still";
  buffer_.Release(batch_);
  EXPECT_EQ(buffer_.bytes(), 0U);
  EXPECT_FALSE(buffer_.CanTake());
}

TEST_F(LetterBufferTest, WhatHasNoJudgementOrAnOldOneIsToBeJudged) {
  Add("fresh", 10);
  Add("old", 10, 0, kNow - std::chrono::seconds(2));
  Add("without", 10, 0, std::nullopt);
  EXPECT_THAT(Take(10), ElementsAre("fresh", "old", "without"));
  EXPECT_THAT(to_judge_, ElementsAre(1U, 2U));
  EXPECT_THAT(Take(10), IsEmpty());
}

}  // namespace
}  // namespace deadletter
