// What a chapter of the soak does, decided by a seed alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deadletter::test {

enum class Act {
  kKillAtPoint,
  kKillAtRandomTime,  // of the release binary
  kRestartBroker,
  kRestartLedger,
  kCrashBroker,  // ended by force, and started again
  kCrashLedger,
  kCutWires,
  kStartSecond,
  kKillSecond,
};

struct Step {
  Act act = Act::kKillAtPoint;
  std::string point{};   // of kKillAtPoint
  int visit = 1;         // of it
  int milliseconds = 0;  // of kKillAtRandomTime: how long it lives
};

struct ChapterOptions {
  std::vector<std::string> points;  // each once; those of migrations come first
  bool servers = false;             // that can be restarted, crash, and whose wires can be cut
};

// Of the kills in a chapter at least a quarter are at random times.
[[nodiscard]] std::vector<Step> PlanChapter(std::uint64_t seed, const ChapterOptions& options);

}  // namespace deadletter::test
