// In a flood two sessions settle letters of one queue side by side (P1, P3). What one of them has
// recorded is acknowledged only when all before it is recorded, too; until then it comes again
// whenever anything dies, and is known by its key.
#include "tests/fault/sleeping_updates.h"
#include "tests/support/private_postgres.h"

namespace deadletter::test {
namespace {

constexpr int kLetters = 200;
constexpr int kHeldUp = 5;  // in one of the first batches
// Behind every batch that may hold that one; and so far before the end that it is in a full one.
constexpr int kBehind = 31;
constexpr int kUntil = 180;

WorldOptions SmallBatches(int prefetch) {
  WorldOptions options;
  options.toml = "[intake]\nbatch_letters = 20\n";  // ten for each of the two
  options.queues =
      "[[queue]]\nname = \"attune.dlx.queue\"\nprefetch = " + std::to_string(prefetch) + "\n";
  return options;
}

class SideBySide : public SleepingUpdates {
 protected:
  explicit SideBySide(int prefetch = 500) : SleepingUpdates(SmallBatches(prefetch)) {}

  // One of the two settles one of the first batches, and will for long; the other goes on.
  void HoldUpAnEarlyBatch(Server& server) {
    MakeUpdatesSleep({kHeldUp});
    SendLetters(kLetters);
    ASSERT_TRUE(AwaitFailed(kBehind, kUntil)) << server.process().output();
    ASSERT_TRUE(AwaitSleepers(1));
    EXPECT_FALSE(HasFailed(kHeldUp));
  }
};

TEST_F(SideBySide, P1_P3_WhatIsRecordedBehindABatchComesAgainAfterAKill) {
  Server doomed = world_.Serve();
  HoldUpAnEarlyBatch(doomed);
  doomed.process().Signal(SIGKILL);
  ASSERT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL);
  DoToTheSleeper("pg_terminate_backend");
  Server server = world_.Serve();
  ASSERT_TRUE(WaitUntil([&] {
    return FigureOf(server, "deadletter_letters_redelivered_total") >= kUntil - kBehind + 1;
  })) << "acknowledged before those in front of them were recorded\n"
      << server.GetText("/metrics");
  ExpectAllIsWell(server);
}

TEST_F(SideBySide, P1_P5_ASessionThatIsTerminatedCostsTheOtherNothing) {
  Server server = world_.Serve();
  HoldUpAnEarlyBatch(server);
  DoToTheSleeper("pg_terminate_backend");
  ExpectAllIsWell(server);
  ExpectNothingWasGivenBack();
}

TEST_F(SideBySide, P1_P3_P5_AServerThatCrashesUnderBothIsWaitedFor) {
  Server server = world_.Serve();
  MakeUpdatesSleep({kHeldUp, kBehind});
  SendLetters(kLetters);
  ASSERT_TRUE(AwaitSleepers(2)) << server.process().output();
  MakeNoMoreUpdatesSleep();
  SharedPostgres().Kill();
  EXPECT_TRUE(server.process().WaitForLine("helper_rests", kPatience));
  EXPECT_TRUE(server.process().WaitForLine("intake_paused", kPatience));
  world_.pair().StartLedger();
  ExpectAllIsWell(server);
}

TEST_F(SideBySide, P3_LettersWithoutKeysAreTwiceAtMostAndMarked) {
  Server doomed = world_.Serve();
  ASSERT_TRUE(doomed.WaitUntilReady());
  world_.PutToSleep(doomed);
  MakeUpdatesSleep({kHeldUp});
  Add(1, kLetters);
  SendWithoutKeys(1, kLetters);
  doomed.process().Signal(SIGCONT);
  ASSERT_TRUE(AwaitFailed(kBehind, kUntil)) << doomed.process().output();
  ASSERT_TRUE(AwaitSleepers(1));
  doomed.process().Signal(SIGKILL);
  ASSERT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL);
  DoToTheSleeper("pg_terminate_backend");
  Server server = world_.Serve();
  ExpectAllIsWell(server);
}

class KilledSideBySide : public SideBySide, public testing::WithParamInterface<const char*> {};

TEST_P(KilledSideBySide, P1_P2_P3_NothingIsLostOrDoubled) {
  // Often enough to be in the middle of it.
  Server doomed = world_.Serve({{"DEADLETTER_FAULT", std::string(GetParam()) + "=kill@7"}});
  SendLetters(kLetters);
  ASSERT_EQ(doomed.process().WaitForExit(kPatience), 128 + SIGKILL) << doomed.process().output();
  EXPECT_FALSE(HasFailed(kLetters)) << "nothing was in hand any more";
  Server server = world_.Serve();
  ExpectAllIsWell(server);
}

INSTANTIATE_TEST_SUITE_P(Servers, KilledSideBySide,
                         testing::Values("settle.before", "settle.moved", "commit.before",
                                         "commit.after", "ack.before"),
                         [](const auto& point) {
                           std::string name = point.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

class HeldUpSideBySide : public SideBySide {
 protected:
  static constexpr int kPrefetch = 60;

  HeldUpSideBySide() : SideBySide(kPrefetch) {}
};

TEST_F(HeldUpSideBySide, P1_P9_TheOtherOneGoesOnAsFarAsThePrefetchReaches) {
  Server server = world_.Serve();
  MakeUpdatesSleep({kHeldUp});
  SendLetters(kLetters);
  ASSERT_TRUE(AwaitSleepers(1)) << server.process().output();
  EXPECT_TRUE(WaitUntil([&] {
    return FigureOf(server, "deadletter_unacked_letters", "attune.dlx.queue") == kPrefetch;
  })) << server.GetText("/metrics");
  EXPECT_TRUE(AwaitFailed(kHeldUp + 10, kPrefetch - 10)) << server.process().output();
  EXPECT_FALSE(HasFailed(kHeldUp + kPrefetch)) << "it was not to be delivered yet";
  DoToTheSleeper("pg_terminate_backend");
  ExpectAllIsWell(server);
  ExpectNothingWasGivenBack();
}

// A role that may have no further connection: the helper's is the last that is asked for.
TEST_F(SideBySide, P5_AHelperWithoutAConnectionHoldsNobodyUp) {
  const std::string url = world_.pair().LedgerUrl();
  const std::string scheme = "postgresql://";
  const std::string role = "helpless" + url.substr(url.rfind('/') + 1);
  Platform().Run("CREATE ROLE " + role +
                 " LOGIN PASSWORD 'place'; GRANT ALL ON SCHEMA public, deadletter TO " + role +
                 "; GRANT ALL ON ALL TABLES IN SCHEMA public, deadletter TO " + role +
                 "; GRANT ALL ON ALL SEQUENCES IN SCHEMA public, deadletter TO " + role);
  Server server = world_.Serve(
      {{"DEADLETTER_LEDGER_URL", scheme + role + ":place" + url.substr(url.find('@'))}});
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  SendLetters(1);
  ASSERT_TRUE(AwaitFailed(1, 1)) << server.process().output();
  Platform().Run("ALTER ROLE " + role + " CONNECTION LIMIT 1");  // there are more already
  SendLetters(kLetters);
  EXPECT_TRUE(AwaitFailed(1, letters())) << server.process().output();
  EXPECT_TRUE(server.process().WaitForLine("helper_rests", kPatience));
  EXPECT_EQ(server.process().output().find("intake_paused"), std::string::npos)
      << server.process().output();
  Platform().Run("ALTER ROLE " + role + " CONNECTION LIMIT -1");
  ExpectAllIsWell(server);
  ExpectNothingWasGivenBack();
}

}  // namespace
}  // namespace deadletter::test
