// Replays in an outage: the broker or the ledger is restarted, a wire breaks, a server is frozen,
// the broker refuses or closes the channel, in the middle of one. What was confirmed is not sent
// again, what may be out is shown in doubt, and the replay ends.
#include <random>

#include "tests/fault/replay_trouble.h"
#include "tests/fault/wire_break.h"

namespace deadletter::test {
namespace {

constexpr int kLetters = 20;

class ReplayOutage : public ReplayTrouble {
 protected:
  // Twenty a second: a window is a letter or two, and the outage comes in the middle.
  [[nodiscard]] std::string Begin(Server& server) {
    Fail(kLetters);
    std::string replay = ReplayWorld::Make(
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
  ExpectAllCompleted();
}

TEST_F(ReplayOutage, P1_P3_P5_TheBrokerCrashes) {
  Server server = world_.Serve();
  const std::string replay = Begin(server);
  world_.pair().broker().Restart();
  ExpectItEnds(server, replay, kWindow);
  EXPECT_LE(ReplayWorld::Count(server, replay, "in_doubt"), kWindow);
  ExpectAllCompleted();
}

TEST_F(ReplayOutage, P1_P3_P5_TheLedgerIsStoppedAndStartedAgain) {
  Server server = world_.Serve();
  const std::string replay = Begin(server);
  world_.pair().StopLedger();
  ASSERT_TRUE(server.process().WaitForLine("replays_wait", kPatience)) << server.process().output();
  world_.pair().StartLedger();
  ExpectItEnds(server, replay, kWindow);
  ExpectAllCompleted();
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
  ExpectAllCompleted();
}

// It sends what it had claimed when it is thawed, long after another one has taken its replay over.
TEST_F(ReplayOutage, P1_P3_AServerThatIsFrozenForLongerThanItsLeaseSendsItsWindowOnce) {
  Server frozen = ServeWithOrders();
  Fail(kLetters);
  const std::string replay =
      ReplayUntil(frozen, "replaysend.before", R"(,"rate_per_second":20,"ramp":false)");
  Server other = world_.Serve();
  ASSERT_TRUE(ReplayWorld::WaitForCount(other, replay, "pending", 0)) << other.process().output();
  const std::int64_t in_doubt = ReplayWorld::Count(other, replay, "in_doubt");
  EXPECT_GT(in_doubt, 0);
  // Claimed, the last one may still be on its way.
  EXPECT_TRUE(WaitUntil(
      [&] { return replays_.Waiting() == static_cast<std::size_t>(kLetters - in_doubt); }));
  frozen.process().Signal(SIGCONT);
  ASSERT_TRUE(WaitUntil([&] { return replays_.Waiting() == kLetters; }))
      << frozen.process().output();
  ExpectItEnds(other, replay, in_doubt);
  ExpectAllCompleted();
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
  world_.pair().ledger().SetStatus(ExecutionId(std::int64_t{1}), "running");
  world_.pair().ledger().SetStatus(ExecutionId(std::int64_t{2}), "completed");
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
}

// With a rate the first letters alone are offered: whoever holds the first one's row held them all.
TEST_F(ReplayOutage, P5_ALetterWhoseRowIsHeldIsPassedOverAndGoesOutOnceItIsFree) {
  Server server = world_.Serve();
  Fail(4);
  PlatformConnection somebody(world_.pair().LedgerUrl());
  somebody.Run("BEGIN; SELECT FROM execution WHERE id = 1 FOR UPDATE");
  const std::string replay = ReplayWorld::Make(
      server, R"({"filter":{"outcome":"failed","state":"open"},"rate_per_second":1})");
  const std::vector<Lease> others = replays_.Take(3);
  std::set<std::string> sent;
  for (const Lease& lease : others) sent.insert(ReplayWorld::ExecutionOf(lease).ToString());
  EXPECT_THAT(sent, testing::ElementsAre("2", "3", "4")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Parts(server, replay).at("1"), "pending");
  somebody.Run("COMMIT");
  const std::vector<Lease> first = replays_.Take(1);
  ASSERT_EQ(first.size(), 1U) << server.process().output();
  EXPECT_EQ(ReplayWorld::ExecutionOf(first[0]).ToString(), "1");
  replays_.Complete(others);
  replays_.Complete(first);
  EXPECT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
  ExpectAllCompleted();
}

// basic.nack: the broker says that it did not keep it, and of several queues one may have it.
TEST_F(ReplayOutage, P3_WhatTheBrokerNacksIsInDoubtAndToldLetterByLetter) {
  node().DeclareQueue(vhost(), "worker.full",
                      R"({"x-max-length":1,"x-overflow":"reject-publish"})");
  world_.Publish({"", "worker.full"}, "it is full");
  Server server = world_.Serve();
  Fail(3);
  const std::string full = R"("redirect":{"exchange":"","routing_key":"worker.full"})";
  const std::string slow = ReplayWorld::Make(
      server, R"({"filter":{"execution_id":"1"},"answer_within_seconds":600,)" + full + "}");
  const std::map<std::string, std::string> doubtful = {{"1", "in_doubt"}};
  ASSERT_TRUE(WaitUntil([&] { return ReplayWorld::Parts(server, slow) == doubtful; }))
      << server.process().output();
  EXPECT_EQ(Details(server, slow).at("1"), "the broker says that it did not keep it (basic.nack)");
  EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{1})).status, "scheduled");

  const std::string quick = ReplayWorld::Make(
      server,
      R"({"filter":{"outcome":"failed","state":"open"},"answer_within_seconds":1,)" + full + "}");
  EXPECT_TRUE(ReplayWorld::WaitForState(server, quick, "done")) << server.process().output();
  const std::map<std::string, std::string> ended = {{"2", "in_doubt"}, {"3", "in_doubt"}};
  EXPECT_EQ(ReplayWorld::Parts(server, quick), ended);
  EXPECT_EQ(ReplayWorld::Parts(server, slow), doubtful) << "nothing is sent again by itself";
  EXPECT_THAT(node().Drain(vhost(), "worker.full", 10), testing::SizeIs(1));

  // Whoever has looked sends them elsewhere; and the first one was found done by somebody.
  const std::string again = ReplayWorld::Make(server, kAllFailed);
  replays_.Complete(replays_.Take(2));
  EXPECT_TRUE(ReplayWorld::WaitForState(server, again, "done")) << server.process().output();
  world_.pair().ledger().SetStatus(ExecutionId(std::int64_t{1}), "completed");
  EXPECT_TRUE(ReplayWorld::WaitForState(server, slow, "done")) << server.process().output();
  EXPECT_EQ(ReplayWorld::Count(server, slow, "succeeded"), 1);
  ExpectAllCompleted();
}

// One of a window goes to an exchange that has just been deleted: 404, and the channel is closed.
// What had no answer by then may be anywhere; it is not sent again to find out.
TEST_F(ReplayOutage, P3_WhatHadNoAnswerWhenTheChannelWasClosedIsInDoubt) {
  node().DeclareExchange(vhost(), "side", "topic");
  node().Bind(vhost(), "side", kWorkerQueue, "#");
  Server server = ServeWithOrders();
  std::vector<Message> dead;
  for (int number = 1; number <= 5; ++number) {
    world_.AddExecution(number);
    Message letter = World::DeadMessage(world_.Envelope(std::to_string(number)));
    auto& deaths = std::get<FieldArray>(letter.headers.entries.front().value.value);
    for (FieldEntry& entry : std::get<FieldTable>(deaths.front().value).entries) {
      if (number == 3 && entry.name == "exchange") entry.value = {std::string("side")};
    }
    dead.push_back(std::move(letter));
  }
  executions_ = 5;
  world_.Publish({kDeadLetterExchange, "execution.dispatch.worker.7"}, dead);
  for (int number = 1; number <= 5; ++number)
    ASSERT_TRUE(world_.WaitForStatus(ExecutionId(std::int64_t{number}), "failed"));
  const std::string replay = ReplayUntil(server, "replaysend.before");
  node().DeleteExchange(vhost(), "side");
  server.process().Signal(SIGCONT);
  ASSERT_TRUE(AwaitNothingToSend(server, replay)) << server.process().output();
  const auto parts = ReplayWorld::Parts(server, replay);
  for (const char* execution : {"3", "4", "5"}) EXPECT_EQ(parts.at(execution), "in_doubt");
  EXPECT_THAT(Details(server, replay).at("5"), testing::HasSubstr("closed the channel: NOT_FOUND"));
  ASSERT_TRUE(WaitUntil([&] { return replays_.Waiting() == 2; }));
  node().DeclareExchange(vhost(), "side", "topic");
  node().Bind(vhost(), "side", kWorkerQueue, "#");
  ExpectItEnds(server, replay, 5);
  ExpectAllCompleted();
}

// ---- the wires

struct ReplayCut {
  CutCase cut;
  std::string point;
};

void PrintTo(const ReplayCut& cut, std::ostream* out) {
  *out << NameOf(cut.cut) << " at " << cut.point;
}

class ReplayWireCut : public ReplayTrouble, public testing::WithParamInterface<ReplayCut> {
 protected:
  TcpGate& gate() { return GetParam().cut.wire == Wire::kBroker ? broker_gate() : ledger_gate(); }

  // While it goes on; returns with the wire whole again.
  void End(Server& server, const std::string& replay, const GateCounts& before) {
    switch (GetParam().cut.how) {
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
};

TEST_P(ReplayWireCut, P1_P3_P5_NothingConfirmedIsSentAgainAndTheReplayEnds) {
  constexpr int kAtOnce = 6;
  std::mt19937_64 random(20'260'101);
  Server server = ServeWithOrders();
  Fail(kAtOnce);
  // No event goes out any more: whoever publishes next is the replay.
  ASSERT_TRUE(WaitUntil([&] { return world_.pair().ledger().CountFacts().outbox == 0; }));
  const std::string replay = ReplayUntil(server, GetParam().point);
  // The broker has the first one, and its confirm has not been read.
  if (GetParam().point == "publish.after") {
    ASSERT_TRUE(WaitUntil([&] { return replays_.Waiting() == 1; }));
  }
  const GateCounts before = gate().counts();
  EXPECT_GT(before.open, 0U) << "nothing to cut";
  BreakWire(gate(), GetParam().cut.how, random);
  server.process().Signal(SIGCONT);
  End(server, replay, before);
  ExpectItEnds(server, replay, kAtOnce);
  ExpectAllCompleted();
}

// Where the wire is in use: the broker's before and while messages are sent, the ledger's at both
// ends of that.
std::vector<ReplayCut> AllReplayCuts() {
  std::vector<ReplayCut> cuts;
  for (const Break how : {Break::kCut, Break::kReset, Break::kMidFrameToServer,
                          Break::kMidFrameToUs, Break::kServerGoneUntold, Break::kClientGoneUntold,
                          Break::kBlackHole, Break::kStalled, Break::kDelayed, Break::kSlow}) {
    cuts.push_back({{Wire::kBroker, how}, "replaysend.before"});
    cuts.push_back({{Wire::kBroker, how}, "publish.after"});
    cuts.push_back({{Wire::kLedger, how}, "replayclaim.before"});
    cuts.push_back({{Wire::kLedger, how}, "replaymark.before"});
  }
  return cuts;
}

INSTANTIATE_TEST_SUITE_P(Wires, ReplayWireCut, testing::ValuesIn(AllReplayCuts()),
                         [](const testing::TestParamInfo<ReplayCut>& named) {
                           std::string name = NameOf(named.param.cut) + "_" + named.param.point;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace deadletter::test
