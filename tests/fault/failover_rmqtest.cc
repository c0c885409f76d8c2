// The address of the ledger comes to mean a hot standby, which reads and refuses to write; later
// the primary has it again.
#include "tests/fault/fire.h"
#include "tests/support/private_postgres.h"

namespace deadletter::test {
namespace {

// Before everything that uses them.
struct PrimaryAndStandby {
  PrivatePostgres primary;
  PrivatePostgres standby{PrivatePostgres::Standby::kOf, primary};
};

class Failover : private PrimaryAndStandby, public Fire {
 protected:
  Failover() : Fire({}, GatedServersPair(primary)) {}

  void MoveTheAddressTo(const PrivatePostgres& server) {
    ledger_gate().Redirect(PortOf(server.Url()));
    ledger_gate().Reset();
  }
  // All that the primary has written is on the standby.
  void AwaitReplay() {
    const std::string written =
        PlatformConnection(primary.Url()).Value("SELECT pg_current_wal_lsn()");
    PlatformConnection replica(standby.Url());
    ASSERT_TRUE(WaitUntil([&] {
      return replica.Value("SELECT pg_last_wal_replay_lsn() >= '" + written + "'") == "t";
    }));
  }
  using PrimaryAndStandby::primary;
  using PrimaryAndStandby::standby;
};

TEST_F(Failover, P1_P5_P7_IntakePausesOnAReadOnlyStandbyAndLettersCanBeReadThere) {
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  SendLetters(20);
  ASSERT_TRUE(AwaitFailed(1, 20)) << server.process().output();
  AwaitReplay();
  for (int round = 0; round < 3; ++round) {
    const std::size_t lines = server.process().lines();
    MoveTheAddressTo(standby);
    SendLetters(20);
    EXPECT_TRUE(AwaitReadiness(server, "read-only transaction"))
        << HttpGet(server.url() + "/readyz").body;
    const auto paused = server.process().WaitForLine("intake_paused", kPatience, lines);
    ASSERT_TRUE(paused) << server.process().output();
    EXPECT_NE(paused->find("25006"), std::string::npos) << *paused;
    EXPECT_TRUE(AwaitPaused(server, "statement")) << server.GetText("/metrics");
    EXPECT_TRUE(WaitUntil([&] { return HttpGet(server.url() + "/v1/letters").status == 200; }));
    MoveTheAddressTo(primary);
    EXPECT_TRUE(AwaitFailed(letters() - 19, letters())) << server.process().output();
  }
  ExpectAllIsWell(server);
}

}  // namespace
}  // namespace deadletter::test
