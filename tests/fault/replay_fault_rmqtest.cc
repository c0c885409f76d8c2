// Replays in an outage: the broker or the ledger is restarted, a wire breaks, a server is frozen,
// the broker refuses or closes the channel, in the middle of one. What was confirmed is not sent
// again, what may be out is shown in doubt, and the replay ends.
#include <random>

#include "tests/campaign/points.h"
#include "tests/fault/replay_trouble.h"
#include "tests/fault/wire_break.h"

namespace deadletter::test {
namespace {

constexpr int kAWindow = 20;       // sent in one go
constexpr int kManyLetters = 150;  // seconds of a replay: an outage takes a moment to come

class ReplayOutage : public ReplayTrouble {
 protected:
  // Twenty a second: a window is a letter or two, and the outage comes in the middle.
  [[nodiscard]] std::string Begin(Server& server) {
    Fail(kManyLetters);
    std::string replay = replays_.MakeTold(
        server,
        R"({"filter":{"outcome":"failed"},"rate_per_second":20,"answer_within_seconds":600})");
    EXPECT_TRUE(WaitUntil([&] { return ReplayWorld::Count(server, replay, "sent") >= 5; }));
    return replay;
  }
  static constexpr std::int64_t kWindow = 5;
};

TEST_F(ReplayOutage, P1_P3_P5_TheBrokerIsStoppedAndStartedAgain) {
  Server server = world_.Serve();
  const std::string replay = Begin(server);
  world_.pair().StopBroker();
  EXPECT_TRUE(AwaitReadiness(server, "\"replays\"")) << HttpGet(server.url() + "/readyz").body;
  EXPECT_TRUE(server.process().WaitForLine("replays_wait", kPatience)) << server.process().output();
  world_.pair().StartBroker();
  ExpectItEnds(server, replay, kWindow);
  ExpectAllIsWell({&server});
}

TEST_F(ReplayOutage, P1_P3_P5_TheBrokerCrashes) {
  Server server = world_.Serve();
  node().WriteDeclarations();  // which takes longer than a replay has time for
  const std::string replay = Begin(server);
  node().Kill();
  ASSERT_GT(ReplayWorld::Count(server, replay, "pending"), 0) << "it is in the middle of it";
  node().Start();
  ExpectItEnds(server, replay, kWindow);
  EXPECT_LE(ReplayWorld::Count(server, replay, "in_doubt"), kWindow);
  ExpectAllIsWell({&server});
}

TEST_F(ReplayOutage, P1_P3_P5_TheLedgerIsStoppedAndStartedAgain) {
  Server server = world_.Serve();
  const std::string replay = Begin(server);
  world_.pair().StopLedger();
  ASSERT_TRUE(server.process().WaitForLine("replays_wait", kPatience)) << server.process().output();
  world_.pair().StartLedger();
  ExpectItEnds(server, replay, kWindow);
  ExpectAllIsWell({&server});
}

// Confirmed, and the ledger does not know it yet: it is told as soon as it is back, and nothing is
// in doubt.
TEST_F(ReplayOutage, P3_AConfirmThatTheLedgerCouldNotRecordIsRecordedOnceItIsBack) {
  Server server = ServeWithOrders();
  Fail(3);
  const std::string replay = ReplayUntil(server, "replaymark.before");
  world_.pair().StopLedger();
  server.process().Signal(SIGCONT);
  ASSERT_TRUE(server.process().WaitForLine("replays_wait", kPatience)) << server.process().output();
  world_.pair().StartLedger();
  ExpectItEnds(server, replay, 0);
  ExpectAllIsWell({&server});
}

// It sends what it had claimed when it is thawed, long after another one has taken its replay over.
TEST_F(ReplayOutage, P1_P3_AServerThatIsFrozenForLongerThanItsLeaseSendsItsWindowOnce) {
  Server frozen = ServeWithOrders();
  Fail(kAWindow);
  const std::string replay =
      ReplayUntil(frozen, "replaysend.before", R"(,"rate_per_second":20,"ramp":false)");
  Server other = world_.Serve();
  ASSERT_TRUE(ReplayWorld::WaitForCount(other, replay, "pending", 0)) << other.process().output();
  const std::int64_t in_doubt = ReplayWorld::Count(other, replay, "in_doubt");
  EXPECT_GT(in_doubt, 0);
  // Claimed, the last one may still be on its way.
  EXPECT_TRUE(WaitUntil(
      [&] { return replays_.Waiting() == static_cast<std::size_t>(kAWindow - in_doubt); }));
  frozen.process().Signal(SIGCONT);
  ASSERT_TRUE(WaitUntil([&] { return replays_.Waiting() == kAWindow; }))
      << frozen.process().output();
  ASSERT_TRUE(ReplayWorld::WaitForCount(other, replay, "in_doubt", 0)) << other.process().output();
  ExpectItEnds(other, replay, 0);
  ExpectAllIsWell({&other, &frozen});
}

// Certainly not sent: sent later, as long as the execution waits for it.
TEST_F(ReplayOutage, P2_P5_WhatIsUnsentIsSentOnceTheBrokerIsBackIfItsRowIsAsTheClaimLeftIt) {
  Server server = ServeWithOrders();
  Fail(3);
  const std::string replay = ReplayUntil(server, "replaysend.before");
  broker_gate().Refuse();
  broker_gate().Reset();
  server.process().Signal(SIGCONT);
  const std::map<std::string, std::string> unsent = {
      {"1", "unsent"}, {"2", "unsent"}, {"3", "unsent"}};
  ASSERT_TRUE(WaitUntil([&] { return ReplayWorld::Parts(server, replay) == unsent; }))
      << server.process().output();
  replays_.Move(1, "running");
  replays_.Move(2, "completed");
  const PlatformRow before = world_.Row(ExecutionId(std::int64_t{1}));
  broker_gate().Accept();
  const auto leases = replays_.Take(1);
  ASSERT_EQ(leases.size(), 1U);
  EXPECT_EQ(ReplayWorld::ExecutionOf(leases[0]).ToString(), "3");
  replays_.Complete(leases);
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
  const std::map<std::string, std::string> ended = {
      {"1", "withdrawn"}, {"2", "withdrawn"}, {"3", "succeeded"}};
  EXPECT_EQ(ReplayWorld::Parts(server, replay), ended);
  EXPECT_EQ(Details(server, replay).at("1"), "the execution waits for it no longer");
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{1})).updated, before.updated);
  EXPECT_EQ(replays_.Waiting(), 0U);
  replays_.ExpectAllIsWell({&server});
}

// With a ramp one letter is offered: whoever holds the first ones' rows held them all.
TEST_F(ReplayOutage, P5_LettersWhoseRowsAreHeldArePassedOverAndGoOutOnceTheyAreFree) {
  constexpr int kHeld = 6;
  Server server = world_.Serve();
  Fail(kHeld + 2);
  PlatformConnection somebody(world_.pair().LedgerUrl());
  somebody.Run("BEGIN; SELECT FROM execution WHERE id <= " + std::to_string(kHeld) + " FOR UPDATE");
  const std::string replay =
      replays_.MakeTold(server, R"({"filter":{"outcome":"failed","state":"open"},"ramp":true})");
  for (const char* next : {"7", "8"}) {
    const std::vector<Lease> lease = replays_.Take(1);
    ASSERT_EQ(lease.size(), 1U) << server.process().output();
    EXPECT_EQ(ReplayWorld::ExecutionOf(lease[0]).ToString(), next);
    replays_.Complete(lease);
  }
  EXPECT_EQ(ReplayWorld::Count(server, replay, "pending"), kHeld);
  somebody.Run("COMMIT");
  const std::vector<Lease> freed = replays_.Take(kHeld);
  EXPECT_EQ(freed.size(), static_cast<std::size_t>(kHeld)) << server.process().output();
  replays_.Complete(freed);
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
  ExpectAllIsWell({&server});
}

// basic.nack: the broker says that it did not keep it, and of several queues one may have it.
TEST_F(ReplayOutage, P3_WhatTheBrokerNacksIsInDoubtAndToldLetterByLetter) {
  node().DeclareQueue(vhost(), "worker.full",
                      R"({"x-max-length":1,"x-overflow":"reject-publish"})");
  world_.Publish({"", "worker.full"}, "it is full");
  replays_.account().Watches("worker.full");
  Server server = world_.Serve();
  Fail(3);
  const std::string full = R"("redirect":{"exchange":"","routing_key":"worker.full"})";
  const std::string slow = replays_.MakeTold(
      server, R"({"filter":{"execution_id":"1"},"answer_within_seconds":600,)" + full + "}", {"1"});
  const std::map<std::string, std::string> doubtful = {{"1", "in_doubt"}};
  ASSERT_TRUE(WaitUntil([&] { return ReplayWorld::Parts(server, slow) == doubtful; }))
      << server.process().output();
  EXPECT_EQ(Details(server, slow).at("1"), "the broker says that it did not keep it (basic.nack)");
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{1})).status, "scheduled");

  const std::string quick = replays_.MakeTold(
      server,
      R"({"filter":{"outcome":"failed","state":"open"},"answer_within_seconds":1,)" + full + "}");
  EXPECT_TRUE(ReplayWorld::WaitForState(server, quick, "done")) << server.process().output();
  const std::map<std::string, std::string> ended = {{"2", "in_doubt"}, {"3", "in_doubt"}};
  EXPECT_EQ(ReplayWorld::Parts(server, quick), ended);
  EXPECT_EQ(ReplayWorld::Parts(server, slow), doubtful) << "nothing is sent again by itself";
  EXPECT_THAT(node().Drain(vhost(), "worker.full", 10), testing::SizeIs(1));

  // Whoever has looked sends them elsewhere; and the first one was found done by somebody.
  const std::string again = replays_.MakeTold(server, kAllFailed);
  replays_.Complete(replays_.Take(2));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, again, "done")) << server.process().output();
  replays_.Move(1, "completed");
  EXPECT_TRUE(ReplayWorld::WaitForState(server, slow, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, slow, "succeeded"), 1);
  ExpectAllIsWell({&server});
}

// One of a window goes to an exchange that has just been deleted: 404, and the channel is closed.
// What had no answer by then may be anywhere; it is not sent again to find out. The windows after
// it are sent on another channel.
TEST_F(ReplayOutage, P3_P5_WhatHadNoAnswerWhenTheChannelWasClosedIsInDoubtAndTheRestIsSent) {
  constexpr int kOneWindow = 200;
  constexpr int kRest = 5;
  node().DeclareExchange(vhost(), "side", "topic");
  node().Bind(vhost(), "side", kWorkerQueue, "#");
  Server server = ServeWithOrders();
  executions_ = kOneWindow + kRest;
  replays_.FailTold(1, executions_, [](int number, Message& letter) {
    auto& deaths = std::get<FieldArray>(letter.headers.entries.front().value.value);
    for (FieldEntry& entry : std::get<FieldTable>(deaths.front().value).entries) {
      if (number == 3 && entry.name == "exchange") entry.value = {std::string("side")};
    }
  });
  const std::string replay = ReplayUntil(server, "replaysend.before");
  node().DeleteExchange(vhost(), "side");
  server.process().Signal(SIGCONT);
  ASSERT_TRUE(AwaitNothingToSend(server, replay)) << server.process().output();
  const auto parts = ReplayWorld::Parts(server, replay);
  // The first two are there, and were confirmed perhaps before the channel was closed. How many
  // were written after the third until we heard of it is chance: one at least, and one window at
  // most.
  EXPECT_EQ(parts.at("3"), "in_doubt");
  EXPECT_THAT(Details(server, replay).at("3"), testing::HasSubstr("closed the channel: NOT_FOUND"));
  int doubtful = 0;
  for (int number = 3; number <= executions_; ++number) {
    const bool is_in_doubt = parts.at(std::to_string(number)) == "in_doubt";
    if (is_in_doubt) doubtful += 1;
    EXPECT_EQ(parts.at(std::to_string(number)), number < 3 + doubtful ? "in_doubt" : "sent")
        << number;
    EXPECT_FALSE(is_in_doubt && number > kOneWindow) << number;
  }
  const auto there = static_cast<std::size_t>(executions_ - doubtful);
  EXPECT_TRUE(WaitUntil([&] { return replays_.Waiting() == there; })) << replays_.Waiting();
  node().DeclareExchange(vhost(), "side", "topic");
  node().Bind(vhost(), "side", kWorkerQueue, "#");
  ExpectItEnds(server, replay, kOneWindow);
  ExpectAllIsWell({&server});
}

// ---- the wires

// Every point of docs/architecture.md that only a replay comes to, and one between two messages.
std::vector<std::string> ReplayPoints() {
  std::vector<std::string> points = MatrixPoints("Servers");
  std::erase_if(points, [](const std::string& point) { return !IsOfReplay(point); });
  points.emplace_back("publish.after");
  return points;
}

class ReplayWireCut : public ReplayTrouble, public testing::WithParamInterface<CutCase> {
 protected:
  static constexpr int kAtOnce = 6;
  static constexpr int kOneWindow = 2;  // of letters, at twenty a second

  TcpGate& gate() { return GetParam().wire == Wire::kBroker ? broker_gate() : ledger_gate(); }

  // While it goes on; returns with the wire whole again.
  void End(Server& server, const std::string& replay, const GateCounts& before) {
    switch (GetParam().how) {
      case Break::kCut:
      case Break::kReset:
        return;
      case Break::kClientGoneUntold:
        EXPECT_TRUE(WaitUntil([&] { return gate().counts().connections > before.connections; }));
        return gate().Reset();
      case Break::kMidFrameToServer:
      case Break::kMidFrameToUs:
        EXPECT_TRUE(WaitUntil([&] { return gate().counts().cut > before.cut; }));
        return;
      case Break::kServerGoneUntold:
      case Break::kBlackHole:
        EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
        gate().Pass();
        return gate().Reset();
      case Break::kStalled:
        EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
        return gate().Pass();
      case Break::kDelayed:
      case Break::kSlow:
        EXPECT_TRUE(AwaitNothingToSend(server, replay));
        return gate().Pass();
    }
  }

  // In the first of several windows, so that there is something left to send and to mark.
  void BreakAt(Server& server, const std::string& point) {
    SCOPED_TRACE(point);
    Fail(kAtOnce);
    // No event goes out any more: whoever publishes next is the replay.
    ASSERT_TRUE(WaitUntil([&] { return world_.pair().ledger().CountFacts().outbox == 0; }));
    const std::string replay = ReplayUntil(server, point, R"(,"rate_per_second":20)");
    // The broker has the first one, and its confirm has not been read.
    if (point == "publish.after") {
      ASSERT_TRUE(WaitUntil([&] { return replays_.Waiting() >= 1; }));
    }
    const GateCounts before = gate().counts();
    EXPECT_GT(before.open, 0U) << "nothing to cut";
    BreakWire(gate(), GetParam().how, random_, kFewBytes);
    server.process().Signal(SIGCONT);
    End(server, replay, before);
    // A wire may break twice, and of each window nobody knows what became of it. What was confirmed
    // while the ledger was away is owed to it and not forgotten: no message is in doubt then.
    const bool is_known = GetParam().wire == Wire::kLedger && point.starts_with("replaymark.");
    ExpectItEnds(server, replay, is_known ? 0 : 2 * kOneWindow);
  }

 private:
  std::mt19937_64 random_{20'260'101};
};

TEST_P(ReplayWireCut, P1_P3_P5_AtEveryPointNothingConfirmedIsSentAgainAndTheReplayEnds) {
  Server server = ServeWithOrders();
  for (const std::string& point : ReplayPoints()) {
    BreakAt(server, point);
    if (HasFatalFailure()) return;
  }
  ExpectAllIsWell({&server});
}

INSTANTIATE_TEST_SUITE_P(Wires, ReplayWireCut, testing::ValuesIn(AllCuts()),
                         [](const testing::TestParamInfo<CutCase>& cut) {
                           return NameOf(cut.param);
                         });

}  // namespace
}  // namespace deadletter::test
