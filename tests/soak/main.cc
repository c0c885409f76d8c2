// The soak: soak [MINUTES] [SEED] [REPORT]. Both pairs side by side, one world after another, until
// the time is over; each pair brings at least one world to its end. Prints the report, and writes
// it to REPORT where that is given. Exit status 0: every promise held and every point was killed
// at.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <charconv>
#include <chrono>
#include <fstream>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include "tests/campaign/campaign.h"
#include "tests/campaign/points.h"
#include "tests/soak/plan.h"
#include "tests/soak/report.h"
#include "tests/system/embedded_pair.h"
#include "tests/system/servers_pair.h"

namespace deadletter::test {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kSlow{10};
constexpr std::uint64_t kLongestLife = 1'200;  // ms, as the plan has it

struct Request {
  std::int64_t minutes = 30;
  std::uint64_t seed = 0;
  std::string report_file;
};

Request& TheRequest() {
  static Request request;
  return request;
}

void Say(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::cout << line << std::endl;
}

void Do(Campaign& campaign, const Step& step) {
  switch (step.act) {
    case Act::kKillAtPoint:
      if (!campaign.KillAt(step.point, step.visit)) throw std::runtime_error(campaign.why());
      return;
    case Act::kKillAtRandomTime:
      return campaign.KillAfter(std::chrono::milliseconds(step.milliseconds));
    case Act::kRestartBroker:
      return campaign.RestartBroker(Ending::kInOrder);
    case Act::kRestartLedger:
      return campaign.RestartLedger(Ending::kInOrder);
    case Act::kCrashBroker:
      return campaign.RestartBroker(Ending::kByForce);
    case Act::kCrashLedger:
      return campaign.RestartLedger(Ending::kByForce);
    case Act::kCutWires:
      return campaign.CutWires();
    case Act::kStartSecond:
      return campaign.StartSecond();
    case Act::kKillSecond:
      return campaign.KillSecond();
  }
}

class PairSoak {
 public:
  PairSoak(const PairFactory& pair, std::uint64_t seed, steady_clock::time_point end)
      : pair_(pair), seeds_(seed), end_(end) {
    report_.pair = pair.name;
    report_.points = MatrixPoints(pair.name);
  }

  // Ends early where something is broken: what comes after it would prove nothing.
  PairReport Run() {
    try {
      do {
        RunChapter();
      } while (steady_clock::now() < end_ && report_.tally.Holds());
    } catch (const std::exception& error) {
      report_.stopped = error.what();
    }
    return report_;
  }

 private:
  void RunChapter() {
    const std::uint64_t seed = seeds_();
    Campaign campaign(pair_, seed);
    report_.outcomes = campaign.OutcomesDue();
    const bool servers = campaign.capabilities().broker_can_be_stopped;
    for (const Step& step : PlanChapter(seed, {.points = report_.points, .servers = servers})) {
      if (report_.chapters > 0 && steady_clock::now() >= end_) break;
      const auto began = steady_clock::now();
      Do(campaign, step);
      TellIfSlow(fmt::format("step {} {}", static_cast<int>(step.act), step.point), began);
    }
    // Some points took more than one kill, to find something in hand.
    while (4 * campaign.tally().random.all < campaign.tally().AllKills())
      campaign.KillAfter(std::chrono::milliseconds(seeds_() % kLongestLife));
    const auto began = steady_clock::now();
    campaign.Close();
    TellIfSlow("the end", began);
    ++report_.chapters;
    report_.tally += campaign.tally();
    Say(fmt::format("{}: world {}, {} kills so far, {} messages", pair_.name, report_.chapters,
                    report_.tally.AllKills(), report_.tally.messages));
  }

  // Where the time went, for whoever wonders.
  void TellIfSlow(const std::string& what, steady_clock::time_point began) const {
    const auto took = std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now() - began);
    if (took >= kSlow) Say(fmt::format("{}: {} took {} s", pair_.name, what, took.count()));
  }

  const PairFactory& pair_;
  std::mt19937_64 seeds_;
  const steady_clock::time_point end_;
  PairReport report_;
};

TEST(Soak, EveryPromiseHoldsAndEveryPointWasKilledAt) {
  const Request& request = TheRequest();
  Say(fmt::format("soak: {} minutes, seed {}", request.minutes, request.seed));
  const auto began = steady_clock::now();
  const auto end = began + std::chrono::minutes(request.minutes);
  const std::vector<PairFactory> pairs = {EmbeddedPair(), ServersPair()};
  SoakReport report;
  report.seed = request.seed;
  report.minutes = request.minutes;
  report.pairs.resize(pairs.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t index = 0; index < pairs.size(); ++index) {
      threads.emplace_back([&, index] {
        report.pairs[index] = PairSoak(pairs[index], request.seed + index, end).Run();
      });
    }
  }
  report.took = std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now() - began);
  const std::string text = AsMarkdown(report);
  Say("\n" + text);
  if (!request.report_file.empty()) {
    std::ofstream file(request.report_file);
    file << text;
    file.close();
    EXPECT_TRUE(file.good()) << "the report cannot be written to " << request.report_file;
  }
  EXPECT_EQ(Faults(report), "");
}

template <class Number>
bool ReadNumber(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

int Main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  Request& request = TheRequest();
  request.seed = std::random_device{}();
  const std::vector<std::string> words(arguments + 1, arguments + count);
  const bool understood =
      words.size() <= 3 && (words.empty() || ReadNumber(words[0], request.minutes)) &&
      (words.size() < 2 || words[1].empty() || ReadNumber(words[1], request.seed)) &&
      request.minutes > 0;
  if (!understood) {
    std::cerr << "soak: usage: soak [MINUTES] [SEED] [REPORT]\n";
    return 2;
  }
  if (words.size() == 3) request.report_file = words[2];
  // Now, and not when the time is over.
  if (!request.report_file.empty() && !std::ofstream(request.report_file, std::ios::app)) {
    std::cerr << "soak: the report cannot be written to " << request.report_file << "\n";
    return 2;
  }
  const int status = RUN_ALL_TESTS();
  if (testing::UnitTest::GetInstance()->test_to_run_count() > 0) return status;
  std::cerr << "soak: that filter leaves nothing to run\n";
  return 2;
}

}  // namespace
}  // namespace deadletter::test

int main(int count, char** arguments) {
  return deadletter::test::Main(count, arguments);
}
