// PostgreSQL has no room for another page of its tables.
#include "tests/fault/fire.h"
#include "tests/fault/full_disk.h"
#include "tests/support/private_postgres.h"

namespace deadletter::test {
namespace {

// Before everything that uses them. Its log of writes lies elsewhere, as it should: without room
// for that it does not refuse, it goes down.
struct ServerOnAFullDisk {
  FullDisk disk{"/data/base/"};
  PrivatePostgres postgres{disk.Environment()};
};

class DiskFull : private ServerOnAFullDisk, public Fire {
 protected:
  DiskFull() : Fire({}, GatedServersPair(postgres)) {}
  using ServerOnAFullDisk::disk;
};

TEST_F(DiskFull, P1_P5_IntakePausesUntilThereIsRoomAgain) {
  constexpr int kLetters = 400;  // more than the pages that are there have room for
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  Add(1, kLetters);
  disk.Fill();
  SendFor(1, kLetters);
  const auto paused = server.process().WaitForLine("intake_paused", kPatience);
  ASSERT_TRUE(paused) << server.process().output();
  EXPECT_NE(paused->find("53100"), std::string::npos) << *paused;
  EXPECT_TRUE(AwaitPaused(server, "statement")) << server.GetText("/metrics");
  EXPECT_TRUE(AwaitReadiness(server, "No space left on device"))
      << HttpGet(server.url() + "/readyz").body;
  disk.MakeRoom();
  ExpectAllIsWell(server);
  for (const LetterSummary& letter : world_.Letters())
    EXPECT_EQ(letter.outcome, Outcome::kFailed) << "blamed for it";
}

}  // namespace
}  // namespace deadletter::test
