// The wire to the broker or to the ledger breaks, in every way that wires break, while the program
// stands at every named point of the road and letters come; then the wire is there again, and
// nothing is missing.
#include <random>
#include <tuple>

#include "tests/campaign/points.h"
#include "tests/fault/fire.h"
#include "tests/fault/wire_break.h"

namespace deadletter::test {
namespace {

constexpr int kLettersARound = 6;

// Every point of docs/architecture.md that a running server passes; migrations, `submit` and
// replays have tests of their own (below, submit_cut_rmqtest.cc and replay_fault_rmqtest.cc).
std::vector<std::string> ServingPoints() {
  std::vector<std::string> points = MatrixPoints("Servers");
  std::erase_if(points, [](const std::string& point) {
    return point.starts_with("migrate.") || point.starts_with("submit.") || IsOfReplay(point);
  });
  return points;
}

class WireCut : public Fire, public testing::WithParamInterface<CutCase> {
 protected:
  TcpGate& gate() { return GetParam().wire == Wire::kBroker ? broker_gate() : ledger_gate(); }

  // While it goes on; returns with the wire whole again.
  void End(Server& server, const GateCounts& before) {
    switch (GetParam().how) {
      case Break::kCut:
      case Break::kReset:
        break;
      case Break::kClientGoneUntold:
        // It is back while the server still keeps what it gave the old connection.
        EXPECT_TRUE(WaitUntil([&] { return gate().counts().connections > before.connections; }));
        gate().Reset();
        break;
      case Break::kMidFrameToServer:
      case Break::kMidFrameToUs:
        EXPECT_TRUE(WaitUntil([&] { return gate().counts().cut > before.cut; }));
        break;
      case Break::kServerGoneUntold:
      case Break::kBlackHole:
        // It lives on beside the silence; then somebody on the way says that there is no such
        // connection.
        EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
        gate().Pass();
        gate().Reset();
        break;
      case Break::kStalled:
        EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
        gate().Pass();
        break;
      case Break::kDelayed:
      case Break::kSlow:
        EXPECT_TRUE(AwaitFailed(letters() - kLettersARound + 1, letters()));
        gate().Pass();
        break;
    }
  }

  void BreakAt(Server& server, const std::string& point) {
    SCOPED_TRACE(point);
    // Some points are passed also by who is idle, or still without a connection.
    ASSERT_TRUE(WaitUntil([&] { return gate().counts().open > 0; }));
    StopAtNext(order_file_, point);
    // Who has subscribed does so again only where it must.
    if (point.starts_with("subscribe.")) broker_gate().Reset();
    SendLetters(kLettersARound);
    ASSERT_TRUE(server.process().WaitForStop(kPatience)) << "never reached\n"
                                                         << server.process().output();
    const GateCounts before = gate().counts();
    // About to subscribe it may not have connected yet: then that is what breaks.
    if (point != "subscribe.before") {
      EXPECT_GT(before.open, 0U) << "nothing to cut";
    }
    BreakWire(gate(), GetParam().how, random_);
    server.process().Signal(SIGCONT);
    End(server, before);
    ASSERT_TRUE(AwaitFailed(letters() - kLettersARound + 1, letters()))
        << server.process().output();
  }

  const std::string order_file_ = world_.folder() + "/stop_at";

 private:
  std::mt19937_64 random_{20'260'101};
};

TEST_P(WireCut, P1_P3_P5_P6_AtEveryPointAndNothingIsLostOrDoubled) {
  Server server = world_.Serve({{"DEADLETTER_FAULT_FILE", order_file_}});
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  for (const std::string& point : ServingPoints()) {
    BreakAt(server, point);
    if (HasFatalFailure()) return;
  }
  ExpectAllIsWell(server);
}

INSTANTIATE_TEST_SUITE_P(Wires, WireCut, testing::ValuesIn(AllCuts()),
                         [](const testing::TestParamInfo<CutCase>& cut) {
                           return NameOf(cut.param);
                         });

// The ledger's wire breaks in the middle of a migration: the same server finishes it.
class LedgerAwayInMigration : public Fire, public testing::WithParamInterface<const char*> {
 protected:
  LedgerAwayInMigration() : Fire({.ledger = {.migrated = false}}) {}
};

TEST_P(LedgerAwayInMigration, P5_IsFinishedOnceTheLedgerIsBack) {
  const std::string order_file = world_.folder() + "/stop_at";
  StopAtNext(order_file, GetParam());
  Server server = world_.Serve({{"DEADLETTER_FAULT_FILE", order_file}});
  ASSERT_TRUE(server.process().WaitForStop(kPatience)) << server.process().output();
  ledger_gate().Refuse();
  ledger_gate().Reset();
  server.process().Signal(SIGCONT);
  ASSERT_TRUE(server.process().WaitForLine("ledger_not_ready", kPatience))
      << server.process().output();
  ledger_gate().Accept();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  SendLetters(kLettersARound);
  ExpectAllIsWell(server);
}

constexpr const char* kMigrationPoints[] = {"migrate.before", "migrate.after"};

INSTANTIATE_TEST_SUITE_P(Wires, LedgerAwayInMigration, testing::ValuesIn(kMigrationPoints),
                         [](const testing::TestParamInfo<const char*>& point) {
                           return std::string(point.param).substr(0, 7) +
                                  std::string(point.param).substr(8);
                         });

using MigrationCut = std::tuple<const char*, Break>;

class WireCutInMigration : public Fire, public testing::WithParamInterface<MigrationCut> {
 protected:
  WireCutInMigration() : Fire({.ledger = {.migrated = false}}) {}
};

TEST_P(WireCutInMigration, P5_ItIsFinishedHoweverTheWireBreaks) {
  const auto& [point, how] = GetParam();
  std::mt19937_64 random(20'260'103);
  const std::string order_file = world_.folder() + "/stop_at";
  StopAtNext(order_file, point);
  Server server = world_.Serve({{"DEADLETTER_FAULT_FILE", order_file}});
  ASSERT_TRUE(server.process().WaitForStop(kPatience)) << server.process().output();
  const GateCounts before = ledger_gate().counts();
  EXPECT_GT(before.open, 0U) << "nothing to cut";
  BreakWire(ledger_gate(), how, random, kFewBytes);
  server.process().Signal(SIGCONT);
  const bool is_silent = how == Break::kServerGoneUntold || how == Break::kBlackHole;
  if (is_silent || how == Break::kStalled) {
    // What it sends, nobody answers; then somebody on the way says that there is no such
    // connection, or it goes on.
    EXPECT_TRUE(
        WaitUntil([&] { return ledger_gate().counts().bytes_to_server > before.bytes_to_server; }));
    ledger_gate().Pass();
    if (is_silent) ledger_gate().Reset();
  }
  if (how == Break::kMidFrameToServer || how == Break::kMidFrameToUs) {
    EXPECT_TRUE(WaitUntil([&] { return ledger_gate().counts().cut > before.cut; }));
  }
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  MendWire(ledger_gate());
  SendLetters(kLettersARound);
  ExpectAllIsWell(server);
}

INSTANTIATE_TEST_SUITE_P(Wires, WireCutInMigration,
                         testing::Combine(testing::ValuesIn(kMigrationPoints),
                                          testing::ValuesIn(kBreaks)),
                         [](const testing::TestParamInfo<MigrationCut>& cut) {
                           const std::string point = std::get<0>(cut.param);
                           return NameOf({Wire::kLedger, std::get<1>(cut.param)}) + "_" +
                                  point.substr(point.find('.') + 1);
                         });

}  // namespace
}  // namespace deadletter::test
