// What a bench found, as people and as programs read it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace deadletter {

// One number of a scenario, once a run.
struct BenchFigure {
  std::string_view name;  // in JSON: letters_per_second, p99_ms, …
  std::string_view what;  // in the table; empty: only in JSON
  std::string_view unit;
  std::vector<double> runs;

  [[nodiscard]] double Median() const;
};

struct BenchScenario {
  std::string_view name;  // drain, commit, road, latency
  std::size_t count = 0;  // of letters, or of rows, in each run
  std::vector<BenchFigure> figures;
};

struct BenchReport {
  std::string pair;
  std::size_t letters = 0;
  std::size_t body_bytes = 0;
  std::size_t runs = 0;
  BenchScenario drain;    // letters_per_second
  BenchScenario commit;   // p50_ms, p99_ms
  BenchScenario road;     // letters_per_second, events_per_second, settle_share, cpu_share
  BenchScenario latency;  // p50_ms, p99_ms

  // With no run in it, for that pair.
  [[nodiscard]] static BenchReport Empty();
  [[nodiscard]] double RoadToDrain() const;
  [[nodiscard]] double LatencyToCommit() const;  // of their p99
};

// The share that has to be below it: 0.99 is the p99. `values` is not empty.
[[nodiscard]] double BenchPercentile(std::vector<double> values, double share);

// One or two lines in plain words, of nothing but what was measured.
[[nodiscard]] std::vector<std::string> BenchLimits(const BenchReport& report);

[[nodiscard]] std::string BenchTable(const BenchReport& report);  // at most 80 columns
// One object a scenario a line, and one of the ratios: {"scenario":"summary",…}.
[[nodiscard]] std::string BenchJson(const BenchReport& report);

}  // namespace deadletter
