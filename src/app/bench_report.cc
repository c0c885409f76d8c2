#include "app/bench_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "app/json_text.h"

namespace deadletter {
namespace {

// From here on one thing is named as what limits the rest.
constexpr double kMostOfTheTime = 0.6;
constexpr double kNearlyAsFast = 0.75;

const BenchFigure& FigureOf(const BenchScenario& scenario, std::string_view name) {
  return *std::ranges::find(scenario.figures, name, &BenchFigure::name);
}

double Quotient(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

// "12,918" and "3.14": as many digits as mean something.
std::string Amount(double value) {
  if (value < 10) return fmt::format("{:.2f}", value);
  if (value < 100) return fmt::format("{:.1f}", value);
  std::string digits = fmt::format("{:.0f}", value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

int Percent(double share) {
  return static_cast<int>(std::lround(100 * share));
}

std::array<const BenchScenario*, 4> InOrder(const BenchReport& report) {
  return {&report.drain, &report.commit, &report.road, &report.latency};
}

std::string NumberJson(double value) {
  return std::isfinite(value) ? fmt::format("{:.6g}", value) : "null";
}

std::string ScenarioJson(const BenchReport& report, const BenchScenario& scenario) {
  std::string median;
  for (const BenchFigure& figure : scenario.figures) {
    median += fmt::format("{}\"{}\":{}", median.empty() ? "" : ",", figure.name,
                          NumberJson(figure.Median()));
  }
  std::string runs;
  for (std::size_t run = 0; run < report.runs; ++run) {
    std::string one;
    for (const BenchFigure& figure : scenario.figures) {
      one += fmt::format("{}\"{}\":{}", one.empty() ? "" : ",", figure.name,
                         NumberJson(figure.runs.at(run)));
    }
    runs += fmt::format("{}{{{}}}", runs.empty() ? "" : ",", one);
  }
  return fmt::format(
      "{{\"scenario\":\"{}\",\"pair\":{},\"count\":{},\"body_bytes\":{},\"median\":{{{}}},"
      "\"runs\":[{}]}}\n",
      scenario.name, JsonText(report.pair), scenario.count, report.body_bytes, median, runs);
}

}  // namespace

double BenchFigure::Median() const {
  if (runs.empty()) return 0;
  std::vector<double> sorted = runs;
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double BenchPercentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  return values.at(static_cast<std::size_t>(std::max(1.0, rank)) - 1);
}

BenchReport BenchReport::Empty() {
  constexpr std::string_view kRate = "letters/s";
  BenchReport report;
  report.drain = {"drain", 0, {{"letters_per_second", "received and acknowledged", kRate, {}}}};
  report.commit = {
      "commit", 0, {{"p50_ms", "one row, median", "ms", {}}, {"p99_ms", "one row, p99", "ms", {}}}};
  report.road = {"road",
                 0,
                 {{"letters_per_second", "executions failed", kRate, {}},
                  {"events_per_second", "events confirmed", kRate, {}},
                  {"settle_share", "", "", {}},
                  {"cpu_share", "", "", {}}}};
  report.latency = {"latency",
                    0,
                    {{"p50_ms", "sent to committed, median", "ms", {}},
                     {"p99_ms", "sent to committed, p99", "ms", {}}}};
  return report;
}

double BenchReport::RoadToDrain() const {
  return Quotient(FigureOf(road, "letters_per_second").Median(),
                  FigureOf(drain, "letters_per_second").Median());
}

double BenchReport::LatencyToCommit() const {
  return Quotient(FigureOf(latency, "p99_ms").Median(), FigureOf(commit, "p99_ms").Median());
}

std::vector<std::string> BenchLimits(const BenchReport& report) {
  const double settle = FigureOf(report.road, "settle_share").Median();
  const double cpu = FigureOf(report.road, "cpu_share").Median();
  std::vector<std::string> lines;
  if (settle >= kMostOfTheTime) {
    lines.push_back(fmt::format(
        "The ledger limits it: {} % of the road's time went by in its settles.", Percent(settle)));
  } else if (report.RoadToDrain() >= kNearlyAsFast) {
    lines.push_back(
        fmt::format("The broker limits it: receiving alone is hardly faster; settles took {} %.",
                    Percent(settle)));
  } else {
    lines.push_back(fmt::format(
        "No one thing limits it: {} % of the road's time went by in settles.", Percent(settle)));
  }
  lines.push_back(
      fmt::format("This program used {} % of one processor core meanwhile.", Percent(cpu)));
  return lines;
}

std::string BenchTable(const BenchReport& report) {
  std::string text =
      fmt::format("{}, {} letters of {} bytes, {} runs\n\n", report.pair,
                  Amount(static_cast<double>(report.letters)), report.body_bytes, report.runs);
  constexpr const char* kRow = "{:<9} {:<26} {:>10} {:>10} {:>10}  {}\n";
  text += fmt::format(fmt::runtime(kRow), "SCENARIO", "WHAT", "MEDIAN", "LEAST", "MOST", "UNIT");
  for (const BenchScenario* scenario : InOrder(report)) {
    for (const BenchFigure& figure : scenario->figures) {
      if (figure.what.empty()) continue;
      const auto [least, most] = std::ranges::minmax(figure.runs);
      text += fmt::format(fmt::runtime(kRow), scenario->name, figure.what, Amount(figure.Median()),
                          Amount(least), Amount(most), figure.unit);
    }
  }
  text += fmt::format("\nroad / drain {}, latency p99 / commit p99 {}\n",
                      Amount(report.RoadToDrain()), Amount(report.LatencyToCommit()));
  for (const std::string& line : BenchLimits(report)) text += line + "\n";
  return text;
}

std::string BenchJson(const BenchReport& report) {
  std::string text;
  for (const BenchScenario* scenario : InOrder(report)) text += ScenarioJson(report, *scenario);
  std::string limits;
  for (const std::string& line : BenchLimits(report))
    limits += (limits.empty() ? "" : ",") + JsonText(line);
  return text + fmt::format(
                    "{{\"scenario\":\"summary\",\"pair\":{},\"letters\":{},\"body_bytes\":{},"
                    "\"road_to_drain\":{},\"latency_p99_to_commit_p99\":{},\"limits\":[{}]}}\n",
                    JsonText(report.pair), report.letters, report.body_bytes,
                    NumberJson(report.RoadToDrain()), NumberJson(report.LatencyToCommit()), limits);
}

}  // namespace deadletter
