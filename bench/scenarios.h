// What can be measured. Each prints its table and its line of JSON, and throws where what was to be
// measured did not happen.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "bench/report.h"
#include "bench/settings.h"

namespace deadletter::bench {

// The servers of all scenarios, started by the first that needs them.
class Lab {
 public:
  [[nodiscard]] Servers& servers() {
    if (!servers_) servers_ = std::make_unique<Servers>();
    return *servers_;
  }

 private:
  std::unique_ptr<Servers> servers_;
};

struct Scenario {
  std::string_view name;
  std::string_view what;
  void (*run)(const Settings& settings, Lab& lab);
};

[[nodiscard]] const std::vector<Scenario>& Scenarios();

void CompareAll(const Settings& settings, Lab& lab);
void Drain(const Settings& settings, Lab& lab);
void Settle(const Settings& settings, Lab& lab);
void Road(const Settings& settings, Lab& lab);
void OriginalAlone(const Settings& settings, Lab& lab);
void Embedded(const Settings& settings, Lab& lab);
void Points(const Settings& settings, Lab& lab);
void Latency(const Settings& settings, Lab& lab);
void Backlog(const Settings& settings, Lab& lab);
void Instances(const Settings& settings, Lab& lab);
void Bodies(const Settings& settings, Lab& lab);
void Queues(const Settings& settings, Lab& lab);
void PageThrough(const Settings& settings, Lab& lab);
void FullLedger(const Settings& settings, Lab& lab);
void Search(const Settings& settings, Lab& lab);
void Replays(const Settings& settings, Lab& lab);

// Measures the embedded pair once, among others "CPU of deadletter", a letter.
void AddEmbeddedRoad(Report& report, std::size_t letters);

}  // namespace deadletter::bench
