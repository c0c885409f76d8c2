// The road over the embedded pair.
#include <optional>

#include "tests/conformance/embedded_broker_under_test.h"
#include "tests/system/embedded_pair.h"
#include "tests/system/road.h"

namespace deadletter::test {

namespace {

TEST(EmbeddedRoad, P5_AQueueFileThatIsLockedAtTheStartIsWaitedFor) {
  World world(EmbeddedPair());
  auto file =
      sqlite::Database::Open(dynamic_cast<EmbeddedBrokerUnderTest&>(world.pair().broker()).path());
  ASSERT_TRUE(file);
  auto writing = std::optional(sqlite::Transaction::Begin(**file));
  ASSERT_TRUE(*writing);
  Server server = world.Serve();
  ASSERT_TRUE(WaitUntil([&] {
    return HttpGet(server.url() + "/readyz").body.find("database is locked") != std::string::npos;
  })) << server.process().output();
  EXPECT_EQ(HttpGet(server.url() + "/readyz").status, 503);
  writing.reset();
  EXPECT_TRUE(server.WaitUntilReady()) << server.process().output();
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Embedded, Road, testing::Values(EmbeddedPair()),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
