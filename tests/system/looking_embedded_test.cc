// Looking, over the embedded pair.
#include "sqlite/database.h"
#include "tests/system/embedded_pair.h"
#include "tests/system/looking.h"

namespace deadletter::test {
namespace {

// Somebody holds the queue file: nothing can be taken from it, returned to it or put into it.
std::shared_ptr<void> HoldTheQueueFile(Pair& pair) {
  const std::string toml = pair.Toml();
  const std::size_t begin = toml.find("embedded:") + 9;
  auto opened = sqlite::Database::Open(toml.substr(begin, toml.find('"', begin) - begin));
  if (!opened) throw std::runtime_error(opened.error().message);
  std::shared_ptr<sqlite::Database> holder = std::move(*opened);
  if (const auto held = holder->Execute("BEGIN EXCLUSIVE"); !held) {
    throw std::runtime_error(held.error().message);
  }
  return holder;
}

INSTANTIATE_TEST_SUITE_P(Embedded, Looking,
                         testing::Values(LookingCase{EmbeddedPair(), HoldTheQueueFile}),
                         [](const auto&) { return "Pair"; });

}  // namespace
}  // namespace deadletter::test
