// The commands over RabbitMQ and PostgreSQL.
#include <fstream>

#include "tests/folders.h"
#include "tests/system/commands.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {
namespace {

INSTANTIATE_TEST_SUITE_P(Servers, Commands, testing::Values(ServersPair()),
                         [](const auto&) { return "Pair"; });

// Without the management API nobody can attach an alternate exchange to an exchange that exists.
TEST(TopologyApply, EndsWithThreeWhereItMetAConflict) {
  World world(ServersPair());
  world.pair().broker().DeclareExchange("plain.dlx", "topic");
  std::string toml = world.pair().Toml();
  const std::size_t begin = toml.find("management_url");
  toml.erase(begin, toml.find('\n', begin) - begin);
  const std::string file = world.folder() + "/conflict.toml";
  std::ofstream(file) << toml << "[topology]\ndlx = \"plain.dlx\"\n";
  const Finished applied =
      RunProgram({DEADLETTER_BINARY_DIR "/deadletter", "topology", "apply", "--config", file});
  EXPECT_EQ(applied.status, 3) << applied.output;
  EXPECT_THAT(applied.standard_output, testing::HasSubstr("conflict "));
}

}  // namespace
}  // namespace deadletter::test
