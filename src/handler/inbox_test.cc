#include "handler/inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "handler/inbox_fixture.h"

namespace deadletter::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(InboxTest, P1_ASubscriptionBeginsWithOneLetterUntilOneIsRecorded) {
  queue_.Push("a");
  queue_.Push("b");
  queue_.Push("c");
  StartInbox();
  const auto first = Take();
  EXPECT_THAT(Bodies(first), ElementsAre("a"));
  EXPECT_EQ(queue_.ready(), 2u) << "a crash now costs the other letters no delivery";
  Acknowledge(first.back().letter.delivery.tag);
  EXPECT_TRUE(queue_.WaitForCall("subscribe 10"));
}

TEST_F(InboxTest, P1_ALetterThatWasDeliveredOftenComesAlone) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  queue_.Push("a");
  queue_.Push("suspect", 3);
  queue_.Push("b");
  std::vector<std::vector<std::string>> batches;
  for (std::size_t letters = 0; letters < 3;) {
    const auto batch = Take();
    letters += batch.size();
    batches.push_back(Bodies(batch));
    Acknowledge(batch.back().letter.delivery.tag);
  }
  EXPECT_THAT(batches, Contains(ElementsAre("suspect")));
}

TEST_F(InboxTest, P1_WhatIsGivenBackIsNeverAcknowledgedAlsoWhenDeliveryGoesOnAtOnce) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  queue_.Push("a");
  const auto batch = Take();
  queue_.Push("b");  // lies in the inbox or on its way when the batch is given up
  inbox_->GiveBack();
  inbox_->Resume();
  Acknowledge(batch.back().letter.delivery.tag);  // of the closed channel: passed over
  std::vector<std::string> again;
  while (again.size() < 2) {
    const auto letters = Take();
    for (const std::string& body : Bodies(letters)) again.push_back(body);
    EXPECT_THAT(queue_.acknowledged(), Not(Contains(again.back())))
        << "acknowledged before it was recorded";
    Acknowledge(letters.back().letter.delivery.tag);
  }
  EXPECT_THAT(again, ElementsAre("a", "b"));
  inbox_->Stop();
  EXPECT_THAT(queue_.acknowledged(), ElementsAre("first", "a", "b"));
}

TEST_F(InboxTest, P1_HoldingKeepsWhatIsInHandAndAcknowledgesIt) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  queue_.Push("a");
  const auto batch = Take();
  inbox_->Hold();
  ASSERT_TRUE(queue_.WaitForCall("cancel"));
  Acknowledge(batch.back().letter.delivery.tag);
  EXPECT_TRUE(queue_.WaitForCall("ack 2"));
  EXPECT_THAT(queue_.calls(), Not(Contains("close")));
}

// A broker whose socket stays unread for half a minute hangs up, and everything would come again.
TEST_F(InboxTest, P1_WhatIsOnItsWayIsTakenInWhileHoldingAsFarAsThereIsRoom) {
  queue_.Push("first");
  StartInbox({.prefetch = 2, .max_buffered_bytes = 1 << 20});
  const auto first = Take();
  ASSERT_THAT(Bodies(first), ElementsAre("first"));
  inbox_->Hold();
  ASSERT_TRUE(queue_.WaitForCall("cancel"));
  queue_.PushOnItsWay("a");
  queue_.PushOnItsWay("b");
  queue_.PushOnItsWay("beyond");
  ASSERT_TRUE(queue_.WaitForCall("keep alive"));
  EXPECT_THAT(queue_.calls(), Contains("deliver b"));
  EXPECT_THAT(queue_.calls(), Not(Contains("deliver beyond"))) << "P9";
  Acknowledge(first.back().letter.delivery.tag);
  inbox_->Resume();
  EXPECT_THAT(Bodies(Take()), ElementsAre("a", "b"));
  EXPECT_THAT(Bodies(Take()), ElementsAre("beyond"));
}

TEST_F(InboxTest, P1_AStopWritesTheLastAcknowledgementAndGivesTheRestBack) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  queue_.Push("a");
  queue_.Push("b");
  const auto batch = Take(1);
  Acknowledge(batch.back().letter.delivery.tag);
  inbox_->Stop();
  EXPECT_THAT(queue_.acknowledged(), ElementsAre("first", "a"));
  EXPECT_EQ(queue_.ready(), 1u);
}

TEST_F(InboxTest, P5_ALostConnectionIsMadeAgainAndNothingIsMissing) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  queue_.Push("a");
  const auto batch = Take();
  queue_.LoseConnection();
  ASSERT_TRUE(queue_.WaitForCall("close"));
  Acknowledge(batch.back().letter.delivery.tag);
  EXPECT_THAT(Bodies(Take()), ElementsAre("a"));
}

// One letter larger than the buffer passes alone, and as long as it is being settled it fills it.
TEST_F(InboxTest, P9_AFullBufferLeavesTheRestInTheBroker) {
  queue_.Push("first");
  StartInbox({.prefetch = 10, .max_buffered_bytes = 1});
  PassTheFirst();
  queue_.Push(std::string(1000, 'x'));
  queue_.Push("later");
  EXPECT_THAT(Take(), SizeIs(1));
  const std::size_t so_far = queue_.calls().size();
  ASSERT_TRUE(queue_.WaitForCall("keep alive", so_far));
  EXPECT_EQ(queue_.ready(), 1u);
  EXPECT_THAT(Bodies(Take()), ElementsAre("later"));
}

TEST_F(InboxTest, P9_ABatchHoldsNoMoreBytesThanOneStatementMay) {
  queue_.Push("first");
  StartInbox({.prefetch = 10, .max_buffered_bytes = 1 << 20, .max_batch_bytes = 1});
  PassTheFirst();
  queue_.Push("a");
  queue_.Push("b");
  ASSERT_TRUE(queue_.WaitForCall("deliver b"));
  EXPECT_THAT(Bodies(Take()), ElementsAre("a"));
  EXPECT_THAT(Bodies(Take()), ElementsAre("b"));
}

TEST_F(InboxTest, P3_WhatIsInHandIsForgottenWhenAnAcknowledgementFindsTheConnectionLost) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  queue_.Push("a");
  queue_.Push("b");
  ASSERT_TRUE(queue_.WaitForCall("deliver b"));
  TakenBatch a = inbox_->Take(1, {});
  const TakenBatch b = inbox_->Take(1, {});
  const std::size_t so_far = queue_.calls().size();
  queue_.LoseConnectionAtAcknowledgement();
  inbox_->Recorded(a, a.judgements.back().letter.delivery.tag, true);
  ASSERT_TRUE(queue_.WaitForCall("subscribe 1", so_far));
  EXPECT_FALSE(inbox_->IsInHand(b)) << "it comes again";
}

TEST_F(InboxTest, P1_NothingElseIsPrefetchedUntilASuspectIsRecorded) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  queue_.Push("a");
  queue_.Push("suspect", 3);
  ASSERT_TRUE(queue_.WaitForCall("deliver suspect"));
  const std::size_t so_far = queue_.calls().size();
  const auto before = Take();
  ASSERT_THAT(Bodies(before), ElementsAre("a"));
  Acknowledge(before.back().letter.delivery.tag);
  ASSERT_TRUE(queue_.WaitForCall("ack 2"));
  const auto suspect = Take();
  const std::size_t at_suspect = queue_.calls().size();
  ASSERT_THAT(Bodies(suspect), ElementsAre("suspect"));
  Acknowledge(suspect.back().letter.delivery.tag);
  ASSERT_TRUE(queue_.WaitForCall("subscribe 10", at_suspect));
  const auto calls = queue_.calls();
  const auto trusted =
      std::find(calls.begin() + static_cast<std::ptrdiff_t>(so_far), calls.end(), "subscribe 10");
  EXPECT_NE(std::find(calls.begin(), trusted, "ack 3"), trusted);
}

// Anybody can write the header that a quorum queue counts in.
TEST_F(InboxTest, P5_AForgedDeliveryCountSlowsNothing) {
  queue_.Push("first");
  StartInbox();
  ASSERT_TRUE(queue_.WaitForCall("deliver first"));
  queue_.PushForged("a", 50);  // both wait for the first: what is there is delivered together
  queue_.Push("b");
  PassTheFirst();
  EXPECT_THAT(Bodies(Take()), ElementsAre("a", "b"));
}

// Each delivery of it counts, and so does each of what is prefetched with it.
TEST_F(InboxTest, P1_ALetterThatCannotBeReadIsLookedForAloneAndThenAskedForNoMore) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  const std::size_t before = queue_.calls().size();
  for (const char* body : {"a", "b", "c"}) queue_.Push(body);
  queue_.PushUnreadable("huge");
  queue_.Push("behind");
  {
    std::jthread settling([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        TakenBatch batch = inbox_->Take(100, stop);
        if (!batch.judgements.empty())
          inbox_->Recorded(batch, batch.judgements.back().letter.delivery.tag, true);
        inbox_->Release(std::move(batch));
      }
    });
    ASSERT_TRUE(WaitForHealth("take it out"));
  }
  const std::size_t found = queue_.calls().size();
  inbox_->GiveBack();  // an outage of the ledger is no reason to ask again
  inbox_->Resume();
  ASSERT_TRUE(queue_.WaitForCall("close", found));
  inbox_->Stop();
  EXPECT_THAT(queue_.acknowledged(), ElementsAre("first", "a", "b", "c"));
  EXPECT_EQ(queue_.ready(), 2u) << "it, and what is behind it";
  const auto calls = queue_.calls();
  EXPECT_LE(std::count(calls.begin(), calls.end(), "break at huge"), 2);
  EXPECT_EQ(
      std::count(calls.begin() + static_cast<std::ptrdiff_t>(before), calls.end(), "subscribe 10"),
      0)
      << "it was not looked for alone";

  queue_.TakeOutFirst();
  StartInbox();
  EXPECT_THAT(Bodies(Take()), ElementsAre("behind"));
}

// An alert on the first of something compares it with what was there before.
TEST_F(InboxTest, P4_APauseForAnUnreadableLetterStandsAtZeroUntilThereIsOne) {
  const std::string series = R"(deadletter_intake_paused{cause="unreadable",queue="dlq"} )";
  StartInbox();
  EXPECT_THAT(metrics_.Expose(), HasSubstr(series + "0"));
  queue_.PushUnreadable("huge");
  ASSERT_TRUE(WaitForHealth("take it out"));
  EXPECT_THAT(metrics_.Expose(), HasSubstr(series + "1"));
}

// Of what is taken and of what lies here, whatever happens to the channels that come after.
TEST_F(InboxTest, P1_WhatADeletedQueueHasGivenStaysInHandWhenTheNextChannelIsLost) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  queue_.Push("a");
  queue_.Push("b");
  ASSERT_TRUE(queue_.WaitForCall("deliver b"));
  const TakenBatch a = inbox_->Take(1, {});
  std::size_t so_far = queue_.calls().size();
  queue_.Delete();
  ASSERT_TRUE(queue_.WaitForCall("subscribe 1", so_far));
  so_far = queue_.calls().size();
  queue_.LoseConnection();
  ASSERT_TRUE(queue_.WaitForCall("subscribe 1", so_far));
  EXPECT_TRUE(inbox_->IsInHand(a));
  EXPECT_TRUE(inbox_->IsGone(a));
  const TakenBatch b = inbox_->Take(1, {});
  EXPECT_THAT(Bodies(b.judgements), ElementsAre("b"));
  EXPECT_TRUE(inbox_->IsGone(b));
}

TEST_F(InboxTest, P1_WhatADeletedQueueHasGivenIsStillSettled) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  queue_.Push("a");
  queue_.Push("b");
  ASSERT_TRUE(queue_.WaitForCall("deliver b"));
  queue_.Delete();
  ASSERT_TRUE(queue_.WaitForCall("close"));
  queue_.Push("of the next queue");
  std::vector<std::string> kept;
  while (kept.empty() || kept.back() != "of the next queue") {
    const auto letters = Take();
    for (const std::string& body : Bodies(letters)) kept.push_back(body);
    Acknowledge(letters.back().letter.delivery.tag);
  }
  EXPECT_THAT(kept, ElementsAre("a", "b", "of the next queue"));
  inbox_->Stop();
  EXPECT_THAT(queue_.acknowledged(), ElementsAre("first", "of the next queue"));
}

// Words that follow one another so quickly that the inbox is between two looks when the next one
// comes.
TEST_F(InboxTest, P5_NoWordOfTheSettlingSideIsMissedHoweverSoonTheNextOneComes) {
  StartInbox();
  ASSERT_TRUE(queue_.WaitForCall("subscribe 1"));
  for (int round = 0; round < 2'000; ++round) {
    const std::size_t so_far = queue_.calls().size();
    inbox_->GiveBack();
    // Not yield(): on a busy machine that gives whole time slices to others, two thousand times.
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(round % 50);
    while (std::chrono::steady_clock::now() < until) continue;
    inbox_->Resume();
    ASSERT_TRUE(queue_.WaitForCall("close", so_far)) << "round " << round;
    ASSERT_TRUE(queue_.WaitForCall("subscribe 1", so_far)) << "round " << round;
  }
}

// Judged, and so the times in its judgement, when it is settled and not when it came.
TEST_F(InboxTest, WhatHasWaitedIsJudgedAnew) {
  queue_.Push("a");
  StartInbox();
  while (!inbox_->HoldsMoreThan(0, 1 << 30)) std::this_thread::yield();
  clock_.Pass(std::chrono::minutes(1));
  const auto taken = Take();
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_GT(taken[0].try_again_at, clock_.Now());
}

// What crashes us while it is judged takes none of those before it along.
TEST_F(InboxTest, P1_ALetterThatWasDeliveredOftenIsJudgedWhenItIsAlone) {
  queue_.Push("first");
  StartInbox();
  PassTheFirst();
  queue_.Push("often", 5);
  while (!inbox_->HoldsMoreThan(0, 1 << 30)) std::this_thread::yield();
  clock_.Pass(std::chrono::milliseconds(1));
  const Instant asked = clock_.Now();
  const auto taken = Take();
  ASSERT_THAT(Bodies(taken), ElementsAre("often"));
  EXPECT_EQ(taken[0].try_again_at, TryAgainAt(Outcome::kDeferred, 0, asked));
}

TEST_F(InboxTest, P9_WhatWasJudgedCountsWithItsJudgement) {
  queue_.Push(R"({"message_type":"ExecutionRequested","payload":{"execution_id":5}})");
  StartInbox();
  while (!inbox_->HoldsMoreThan(0, 1 << 30)) std::this_thread::yield();
  const auto taken = Take();
  ASSERT_THAT(taken, SizeIs(1));
  const std::size_t letter = taken[0].letter.delivery.BufferedBytes();
  const std::size_t told = taken[0].failure.result_json.size() + taken[0].event.after_action.size();
  ASSERT_GT(told, 0U);
  EXPECT_TRUE(inbox_->HoldsMoreThan(100, letter + told));
}

}  // namespace
}  // namespace deadletter::test
