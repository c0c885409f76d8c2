// On RabbitMQ and PostgreSQL there is no work over HTTP, and each call says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_get.h"
#include "tests/system/servers_pair.h"
#include "tests/system/world.h"

namespace deadletter::test {
namespace {

TEST(WorkOnServers, EachCallSaysThatWorkersTakeTheirMessagesFromTheBroker) {
  World world(ServersPair());
  Server server = world.Serve();
  ASSERT_TRUE(server.WaitUntilReady());
  for (const char* path :
       {"/v1/executions", "/v1/queues/worker.7.executions/lease", "/v1/deliveries/1-1/ack",
        "/v1/deliveries/1-1/reject", "/v1/deliveries/1-1/extend"}) {
    const HttpAnswer answer = HttpPost(server.url() + path, "{}");
    EXPECT_EQ(answer.status, 409) << path << answer.body;
    EXPECT_THAT(answer.body, testing::HasSubstr("workers take their messages from RabbitMQ itself"))
        << path;
  }
  EXPECT_TRUE(server.StopsAsPromised());
}

}  // namespace
}  // namespace deadletter::test
