// What can be measured. Each prints its table and its line of JSON, and throws where what was to be
// measured did not happen.
#pragma once

#include <string_view>
#include <vector>

#include "bench/settings.h"

namespace deadletter::bench {

struct Scenario {
  std::string_view name;
  std::string_view what;
  void (*run)(const Settings& settings);
};

[[nodiscard]] const std::vector<Scenario>& Scenarios();

void CompareAll(const Settings& settings);
void Drain(const Settings& settings);
void Settle(const Settings& settings);
void Road(const Settings& settings);
void OriginalAlone(const Settings& settings);
void Embedded(const Settings& settings);
void Latency(const Settings& settings);
void Backlog(const Settings& settings);
void Instances(const Settings& settings);
void Bodies(const Settings& settings);
void Queues(const Settings& settings);

}  // namespace deadletter::bench
