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

// A platform that holds the ledger's file: until it is told to let go for the first time, and for a
// second at a time from then on, over and over.
class HoldsTheFile {
 public:
  explicit HoldsTheFile(const std::string& url) {
    auto database = sqlite::Database::Open(url.substr(url.find(':') + 1));
    if (!database || !(*database)->Execute("BEGIN IMMEDIATE"))
      throw std::runtime_error("cannot hold " + url);
    database_ = *std::move(database);
  }

  void LetGoNowAndThen() {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      (void)database_->Execute("COMMIT");
      while (!stop.stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        if (!database_->Execute("BEGIN IMMEDIATE")) continue;
        std::this_thread::sleep_for(std::chrono::seconds(1));
        (void)database_->Execute("COMMIT");
      }
    });
  }

 private:
  std::unique_ptr<sqlite::Database> database_;
  std::jthread thread_;
};

class EmbeddedUnderLoad : public UnderLoad {};

TEST_P(EmbeddedUnderLoad, P1_P9_ALedgerThatIsHeldForSecondsSlowsIntakeAndLosesNothing) {
  Load load(GetParam().pair, Buffering(kBuffered / kMebibyte));
  for (int number = 10; number <= sizes_.letters_for_a_slow_ledger; number += 10)
    load.AddExecution(number);
  Server server = load.world().ServeReleased();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  const auto began = Now();
  {
    HoldsTheFile platform(load.world().pair().LedgerUrl());
    load.Publish(dead_, sizes_.letters_for_a_slow_ledger,
                 [&](int number) { return load.Request(number, kMebibyte); });
    EXPECT_TRUE(WaitUntil([&] {
      return FigureOf(server, R"(deadletter_settle_errors_total{cause="busy"})") > 0;
    })) << server.GetText("/metrics");
    platform.LetGoNowAndThen();
    ASSERT_TRUE(load.WaitUntilAllIsDone(began)) << server.process().output();
  }
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
