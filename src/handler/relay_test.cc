#include "handler/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

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
  EXPECT_EQ(Marked(PublishOutcome::kUnavailable).mark, OutboxMark::kUntried);
  EXPECT_EQ(Marked(PublishOutcome::kUnavailable, 9).retry_at, kNow);
}

// An outbox and a publisher that answer as they are told to, and note what they were asked.
struct RelayScript {
  std::mutex mutex;  // of `due`, which may be written to while the relay runs
  std::vector<OutboxEntry> due;
  int marks_that_fail = 0;
  int claims_that_fail = 0;
  PublishOutcome outcome = PublishOutcome::kConfirmed;
  std::vector<std::string> calls;
  std::vector<OutboxResult> marked;  // by the last call
  Latch published;
};

class ScriptedOutbox final : public Outbox {
 public:
  explicit ScriptedOutbox(RelayScript& script) : script_(script) {}
  LedgerResult<std::vector<OutboxEntry>> Claim(Instant, std::size_t limit, std::size_t,
                                               std::chrono::milliseconds) override {
    const std::lock_guard lock(script_.mutex);
    if (script_.claims_that_fail-- > 0) {
      return Unexpected<LedgerError>(
          {.fault = LedgerFault::kBusy, .code = "", .message = "scripted"});
    }
    std::vector<OutboxEntry> claimed;
    while (!script_.due.empty() && claimed.size() < limit) {
      claimed.push_back(script_.due.back());
      script_.due.pop_back();
    }
    return claimed;
  }
  LedgerResult<void> Mark(std::span<const OutboxResult> results) override {
    script_.calls.emplace_back("mark");
    script_.marked.assign(results.begin(), results.end());
    if (script_.marks_that_fail-- <= 0) return {};
    return Unexpected<LedgerError>(
        {.fault = LedgerFault::kUnavailable, .code = "", .message = "scripted"});
  }
  LedgerResult<void> BringForward(Instant, std::chrono::microseconds) override { return {}; }
  LedgerResult<OutboxBacklog> Backlog(Instant) override { return OutboxBacklog{}; }
  void Abort() override {}

 private:
  RelayScript& script_;
};

class ScriptedPublisher final : public Publisher {
 public:
  explicit ScriptedPublisher(RelayScript& script) : script_(script) {}
  std::vector<PublishResult> Publish(std::span<const OutgoingMessage> messages) override {
    script_.calls.emplace_back("publish");
    script_.published.Open();
    return std::vector<PublishResult>(messages.size(), {script_.outcome, "scripted"});
  }
  BrokerResult<bool> ExchangeExists(const std::string&) override { return true; }
  void KeepAlive() override { script_.calls.emplace_back("keep alive"); }
  void Close() override { script_.calls.emplace_back("close"); }
  void Abort() override {}

 private:
  RelayScript& script_;
};

class RelayTest : public ::testing::Test {
 protected:
  std::unique_ptr<Relay> MakeRelay(Backlog backlog = {}) {
    return std::make_unique<Relay>(std::make_unique<ScriptedOutbox>(script_),
                                   std::make_unique<ScriptedPublisher>(script_), clock_, metrics_,
                                   health_, options_, std::move(backlog));
  }

  RelayOptions options_{.idle_wait = std::chrono::hours(1), .event_exchange = ""};

  SystemClock clock_;
  Metrics metrics_;
  Health health_;
  RelayScript script_;
};

TEST_F(RelayTest, P6_WhatWasConfirmedIsMarkedHoweverOftenTheLedgerFailsAndNotPublishedAgain) {
  script_.due.resize(1);
  script_.marks_that_fail = 2;
  EXPECT_EQ(MakeRelay()->SendOnce({}), 1U);
  EXPECT_THAT(script_.calls, ::testing::ElementsAre("publish", "mark", "keep alive", "mark",
                                                    "keep alive", "mark"));
}

TEST_F(RelayTest, P5_WhatIsWithheldIsPutOffWithItsReasonAndTheOthersArePublished) {
  script_.due.resize(2);
  script_.due[0].id = 1;
  script_.due[0].withheld = "a damaged message";
  script_.due[1].id = 2;
  const Instant before = clock_.Now();
  EXPECT_EQ(MakeRelay()->SendOnce({}), 2U);
  EXPECT_THAT(script_.calls, ::testing::ElementsAre("publish", "mark"));
  ASSERT_EQ(script_.marked.size(), 2U);
  EXPECT_EQ(script_.marked[0].id, 1);
  EXPECT_EQ(script_.marked[0].mark, OutboxMark::kAgain);
  EXPECT_EQ(script_.marked[0].detail, "a damaged message");
  EXPECT_GE(script_.marked[0].retry_at, before + seconds(30));
  EXPECT_EQ(script_.marked[1].id, 2);
  EXPECT_EQ(script_.marked[1].mark, OutboxMark::kPublished);
}

TEST_F(RelayTest, ABrokerThatIsAwayIsMissingOnlyAsLongAsSomethingWaitsForIt) {
  const auto relay = MakeRelay();
  script_.due.resize(1);
  script_.outcome = PublishOutcome::kUnavailable;
  relay->SendOnce({});
  EXPECT_FALSE(health_.IsReady());
  relay->SendOnce({});  // another instance has sent it meanwhile
  EXPECT_TRUE(health_.IsReady());
}

TEST_F(RelayTest, P6_AStopStillSendsWhatTheLastBatchWrote) {
  const auto relay = MakeRelay();
  relay->Start();
  {
    const std::lock_guard lock(script_.mutex);
    script_.due.resize(1);
  }
  relay->Stop(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  EXPECT_THAT(script_.calls, ::testing::IsSupersetOf({"publish", "mark", "close"}));
}

// Counts how often it is asked, and has a backlog for the first `times` of them.
class ScriptedBacklog {
 public:
  explicit ScriptedBacklog(int times) : times_(times) {}
  [[nodiscard]] bool Ask() {
    const bool has = ++asked_ <= times_;
    if (asked_ > times_) over_.Open();
    return has;
  }
  [[nodiscard]] int asked() const { return asked_; }
  [[nodiscard]] bool AwaitOver() {
    return over_.WaitUntil(std::chrono::steady_clock::now() + seconds(10));
  }

 private:
  const int times_;
  std::atomic<int> asked_{0};
  Latch over_;
};

TEST_F(RelayTest, WhileIntakeHasABacklogNothingIsClaimedAndTheConnectionIsKeptAlive) {
  options_.longest_backlog = std::chrono::hours(1);
  ScriptedBacklog backlog(3);
  const auto relay = MakeRelay([&] { return backlog.Ask(); });
  script_.due.resize(1);
  relay->Start();
  ASSERT_TRUE(backlog.AwaitOver());
  relay->Stop(std::chrono::steady_clock::now() + seconds(10));
  ASSERT_GE(script_.calls.size(), 4U);
  EXPECT_THAT(std::vector(script_.calls.begin(), script_.calls.begin() + 4),
              ::testing::ElementsAre("keep alive", "keep alive", "keep alive", "publish"));
}

TEST_F(RelayTest, P6_AFloodThatDoesNotEndLetsABatchLeaveAllTheSame) {
  options_.longest_backlog = std::chrono::milliseconds(0);
  ScriptedBacklog backlog(1'000'000);
  const auto relay = MakeRelay([&] { return backlog.Ask(); });
  script_.due.resize(1);
  relay->Start();
  EXPECT_TRUE(script_.published.WaitUntil(std::chrono::steady_clock::now() + seconds(10)));
  relay->Stop(std::chrono::steady_clock::now() + seconds(10));
}

TEST_F(RelayTest, P6_OnceItHasBeenBehindForLongItTakesItsFullShare) {
  options_.longest_backlog = std::chrono::hours(1);
  options_.longest_behind = std::chrono::milliseconds(0);
  ScriptedBacklog backlog(1'000'000);
  Deference deference([&] { return backlog.Ask(); }, options_.longest_backlog);
  EXPECT_TRUE(deference.MustWait({}));  // it would have to wait, were it not for that
  const auto relay = MakeRelay([&] { return backlog.Ask(); });
  script_.due.resize(1);
  relay->Start();
  EXPECT_TRUE(script_.published.WaitUntil(std::chrono::steady_clock::now() + seconds(10)));
  relay->Stop(std::chrono::steady_clock::now() + seconds(10));
}

// What has waited for intake is sent by a stop, too, for as long as it has patience.
TEST_F(RelayTest, P6_AStopSendsAllThatHasWaitedForIntake) {
  options_.longest_backlog = std::chrono::hours(1);
  options_.batch_messages = 2;
  ScriptedBacklog backlog(1'000'000);
  const auto relay = MakeRelay([&] { return backlog.Ask(); });
  script_.due.resize(5);
  relay->Start();
  relay->Stop(std::chrono::steady_clock::now() + seconds(10));
  EXPECT_EQ(std::ranges::count(script_.calls, "publish"), 3);
}

// A ledger that is busy has not told that there is nothing more.
TEST_F(RelayTest, P6_ABusyLedgerIsNoReasonToWaitForIntakeAnew) {
  options_.longest_backlog = std::chrono::hours(1);
  options_.longest_behind = std::chrono::milliseconds(1);
  options_.idle_wait = std::chrono::milliseconds(1);
  ScriptedBacklog backlog(1'000'000);
  const auto relay = MakeRelay([&] { return backlog.Ask(); });
  script_.due.resize(1);
  script_.claims_that_fail = 1;
  relay->Start();
  EXPECT_TRUE(script_.published.WaitUntil(std::chrono::steady_clock::now() + seconds(10)));
  relay->Stop(std::chrono::steady_clock::now() + seconds(10));
  EXPECT_THAT(health_.Reports(),
              ::testing::Each(::testing::Field(&HealthReport::state, HealthState::kReady)));
}

// It asks whether intake has a backlog before each claim.
TEST_F(RelayTest, RestsBetweenTwoClaimsWhereTheFirstTookAllThatWasDue) {
  options_.shortest_round = std::chrono::milliseconds(50);
  std::vector<std::chrono::steady_clock::time_point> asked;
  Latch twice;
  const auto relay = MakeRelay([&] {
    asked.push_back(std::chrono::steady_clock::now());
    if (asked.size() == 2) twice.Open();
    return false;
  });
  script_.due.resize(1);
  relay->Start();
  EXPECT_TRUE(twice.WaitUntil(std::chrono::steady_clock::now() + seconds(10)));
  relay->Stop(std::chrono::steady_clock::now() + seconds(10));
  ASSERT_GE(asked.size(), 2U);
  EXPECT_GE(asked[1] - asked[0], options_.shortest_round);
}

TEST(Deference, LastsAsLongAsTheBacklogButForATurnNowAndThen) {
  bool has_backlog = true;
  Deference deference([&] { return has_backlog; }, std::chrono::milliseconds(100));
  const std::chrono::steady_clock::time_point start{};
  const auto at = [&](int count) { return start + std::chrono::milliseconds(count); };
  EXPECT_TRUE(deference.MustWait(at(0)));
  EXPECT_TRUE(deference.MustWait(at(99)));
  EXPECT_FALSE(deference.MustWait(at(100)));
  EXPECT_TRUE(deference.MustWait(at(101)));
  has_backlog = false;
  EXPECT_FALSE(deference.MustWait(at(102)));
  has_backlog = true;
  EXPECT_TRUE(deference.MustWait(at(250)));  // its wait begins anew
}

}  // namespace
}  // namespace deadletter
