// Hostile load over the embedded pair.
#include <atomic>
#include <thread>

#include "sqlite/database.h"
#include "tests/load/load.h"
#include "tests/system/embedded_pair.h"

namespace deadletter::test {
namespace {

void PublishWithDeaths(World& world, const std::vector<Message>& letters, int) {
  world.Publish({kDeadLetterExchange, "any"}, letters);
}

// A platform that holds the ledger's file for a second at a time, over and over.
class HoldsTheFile {
 public:
  explicit HoldsTheFile(const std::string& url)
      : thread_([path = url.substr(url.find(':') + 1)](const std::stop_token& stop) {
          auto database = sqlite::Database::Open(path);
          while (!stop.stop_requested()) {
            if ((*database)->Execute("BEGIN IMMEDIATE")) {
              std::this_thread::sleep_for(std::chrono::seconds(1));
              (void)(*database)->Execute("COMMIT");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
          }
        }) {}

 private:
  std::jthread thread_;
};

class EmbeddedUnderLoad : public UnderLoad {};

TEST_P(EmbeddedUnderLoad, P1_P9_ALedgerThatIsHeldForSecondsSlowsIntakeAndLosesNothing) {
  Load load(GetParam().pair, Buffering(kBuffered / kMebibyte));
  load.Publish(dead_, sizes_.letters_for_a_slow_ledger, [&](int number) {
    if (number % 10 == 0) load.AddExecution(number);
    return load.Request(number, kMebibyte);
  });
  const auto began = Now();
  Server server = load.world().ServeReleased();
  {
    const HoldsTheFile platform(load.world().pair().LedgerUrl());
    ASSERT_TRUE(load.WaitUntilAllIsDone(began)) << server.process().output();
  }
  EXPECT_TRUE(AwaitObservationAbove(server, "deadletter_settle_seconds", "0.5"));
  EXPECT_TRUE(
      AwaitFigure(server, "deadletter_letter_age_seconds_count", sizes_.letters_for_a_slow_ledger));
  load.End({&server}, {.cache_bytes = GetParam().cache_bytes, .max_buffered_bytes = kBuffered});
}

const LoadCase kEmbedded{EmbeddedPair(), 32 * kMebibyte, PublishWithDeaths};
const auto kName = [](const auto&) { return "Pair"; };

INSTANTIATE_TEST_SUITE_P(Embedded, UnderLoad, testing::Values(kEmbedded), kName);
INSTANTIATE_TEST_SUITE_P(Embedded, EmbeddedUnderLoad, testing::Values(kEmbedded), kName);

}  // namespace
}  // namespace deadletter::test
