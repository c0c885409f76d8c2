// No room for one of the two files of the embedded pair.
#include "tests/fault/fire.h"
#include "tests/fault/full_disk.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {
namespace {

class EmbeddedDiskFull : public Fire {
 protected:
  static constexpr int kLetters = 400;

  EmbeddedDiskFull() : Fire({}, EmbeddedPair()) { Add(1, kLetters); }
  static std::string FileOf(const std::string& url) { return url.substr(url.find(':') + 1); }
};

TEST_F(EmbeddedDiskFull, P1_P5_IntakePausesUntilTheLedgerHasRoomAgain) {
  const FullDisk disk(FileOf(world_.pair().LedgerUrl()));
  Server server = world_.Serve(disk.Environment());
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  disk.Fill();
  // More than the write-ahead log has room for, which is as large as it ever was.
  SendFor(1, kLetters, R"(,"filling":")" + std::string(30'000, 'x') + '"');
  const auto paused = server.process().WaitForLine("intake_paused", kPatience);
  ASSERT_TRUE(paused) << server.process().output();
  EXPECT_NE(paused->find("full"), std::string::npos) << *paused;
  EXPECT_TRUE(AwaitPaused(server, "statement")) << server.GetText("/metrics");
  EXPECT_TRUE(AwaitReadiness(server, "full")) << HttpGet(server.url() + "/readyz").body;
  disk.MakeRoom();
  ExpectAllIsWell(server);
}

// Acknowledging needs room as well: what is recorded comes again, and changes nothing.
TEST_F(EmbeddedDiskFull, P1_P3_P5_IntakeGoesOnWhenTheQueueFileHasRoomAgain) {
  const std::string toml = world_.pair().Toml();
  const std::size_t begin = toml.find("embedded:") + 9;
  const FullDisk disk(toml.substr(begin, toml.find('"', begin) - begin));
  SendFor(1, kLetters);
  Server server = world_.Serve(disk.Environment());
  ASSERT_TRUE(WaitUntil([&] { return HasFailed(1); })) << server.process().output();
  disk.Fill();
  EXPECT_EQ(HttpGet(server.url() + "/healthz").status, 200);
  EXPECT_TRUE(AwaitReadiness(server, "queue attune.dlx.queue ("))
      << HttpGet(server.url() + "/readyz").body;
  EXPECT_TRUE(AwaitReadiness(server, "full")) << HttpGet(server.url() + "/readyz").body;
  disk.MakeRoom();
  ExpectAllIsWell(server);
}

}  // namespace
}  // namespace deadletter::test
