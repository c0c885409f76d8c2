// What a soak prints in the end: fit to be kept under docs/.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/campaign/campaign.h"

namespace deadletter::test {

struct PairReport {
  std::string pair;
  std::vector<std::string> points;    // that must all have been killed at
  std::vector<std::string> outcomes;  // that some of its letters must have had
  Tally tally;
  std::size_t chapters = 0;
  std::string stopped;  // why it ended before its time; empty: it did not
};

struct SoakReport {
  std::uint64_t seed = 0;
  std::int64_t minutes = 0;  // asked for
  std::chrono::seconds took{0};
  std::vector<PairReport> pairs;
};

// In 30 minutes a thousand, of both pairs together; in fewer as many fewer.
[[nodiscard]] std::size_t KillsDue(const SoakReport& report);

// What is wrong with it, one a line; empty: nothing. Of each pair's kills at least a quarter,
// however long it ran, must have been at random times, of the release binary.
[[nodiscard]] std::string Faults(const SoakReport& report);
[[nodiscard]] std::string AsMarkdown(const SoakReport& report);

}  // namespace deadletter::test
