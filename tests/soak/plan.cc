#include "tests/soak/plan.h"

#include <algorithm>
#include <random>

namespace deadletter::test {
namespace {

constexpr std::uint64_t kLongestLife = 1'200;  // ms; a server is ready after some hundred
constexpr int kMostVisits = 4;
constexpr std::size_t kSecondEvery = 6;  // steps; it lives for half of them

// Visited again and again while letters come; every other point only once in a while.
bool IsBusy(const std::string& point) {
  for (const char* step :
       {"receive.", "decode.", "settle.", "commit.", "ack.", "publish.", "confirm.", "mark."}) {
    if (point.starts_with(step)) return true;
  }
  return false;
}

// std::shuffle may differ between libraries, and a plan must not.
void Shuffle(std::vector<Step>& steps, std::mt19937_64& random) {
  for (std::size_t left = steps.size(); left > 1; --left) {
    std::swap(steps[left - 1], steps[random() % left]);
  }
}

}  // namespace

std::vector<Step> PlanChapter(std::uint64_t seed, const ChapterOptions& options) {
  std::mt19937_64 random(seed);
  std::vector<Step> first;
  std::vector<Step> steps;
  for (const std::string& point : options.points) {
    if (point.starts_with("migrate.")) {
      first.push_back({.act = Act::kKillAtPoint, .point = point});
      continue;
    }
    const int visit = IsBusy(point) ? 1 + static_cast<int>(random() % kMostVisits) : 1;
    steps.push_back({.act = Act::kKillAtPoint, .point = point, .visit = visit});
  }
  const std::size_t at_random = (options.points.size() + 2) / 3;
  for (std::size_t number = 0; number < at_random; ++number) {
    steps.push_back(
        {.act = Act::kKillAtRandomTime, .milliseconds = static_cast<int>(random() % kLongestLife)});
  }
  if (options.servers) {
    for (const Act act :
         {Act::kRestartBroker, Act::kRestartLedger, Act::kCrashBroker, Act::kCrashLedger}) {
      steps.push_back({.act = act});
    }
    for (int number = 0; number < 3; ++number) steps.push_back({.act = Act::kCutWires});
  }
  Shuffle(steps, random);
  for (const Step& step : steps) {
    const std::size_t place = first.size() % kSecondEvery;
    if (place == 0) first.push_back({.act = Act::kStartSecond});
    if (place == kSecondEvery / 2) first.push_back({.act = Act::kKillSecond});
    first.push_back(step);
  }
  return first;
}

}  // namespace deadletter::test
