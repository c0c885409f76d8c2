#include "handler/relay.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

using std::chrono::seconds;

const Instant kNow{std::chrono::seconds(1'700'000'000)};

OutboxResult Marked(PublishOutcome outcome, int attempts = 0) {
  OutboxEntry entry;
  entry.id = 7;
  entry.attempts = attempts;
  return MarkFor(entry, {outcome, "why"}, kNow);
}

TEST(MarkFor, P6_OnlyAConfirmEndsAnEntry) {
  EXPECT_EQ(Marked(PublishOutcome::kConfirmed).mark, OutboxMark::kPublished);
  for (const PublishOutcome outcome :
       {PublishOutcome::kUnroutable, PublishOutcome::kNoTarget, PublishOutcome::kNacked,
        PublishOutcome::kInDoubt, PublishOutcome::kUnavailable}) {
    EXPECT_NE(Marked(outcome).mark, OutboxMark::kPublished) << PublishOutcomeName(outcome);
  }
}

TEST(MarkFor, P6_WhatNobodyWantsIsKeptAndAskedForAgainSlowly) {
  const OutboxResult first = Marked(PublishOutcome::kUnroutable);
  EXPECT_EQ(first.mark, OutboxMark::kUnroutable);
  EXPECT_EQ(first.detail, "why");
  EXPECT_EQ(first.retry_at, kNow + seconds(30));
  EXPECT_EQ(Marked(PublishOutcome::kUnroutable, 1).retry_at, kNow + seconds(60));
  EXPECT_EQ(Marked(PublishOutcome::kNoTarget, 1'000'000).retry_at, kNow + seconds(600));
}

TEST(MarkFor, P6_InDoubtIsPublishedAgain) {
  EXPECT_EQ(Marked(PublishOutcome::kInDoubt).mark, OutboxMark::kAgain);
  EXPECT_EQ(Marked(PublishOutcome::kNacked, 2).retry_at, kNow + seconds(4));
}

TEST(MarkFor, ABrokerThatIsAwayIsNoEntrysFault) {
  EXPECT_EQ(Marked(PublishOutcome::kUnavailable, 9).retry_at, kNow);
}

}  // namespace
}  // namespace deadletter
