#include "bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>

namespace deadletter::bench {
namespace {

// Three significant figures: more would pretend to a precision that no run has.
std::string Shown(double value) {
  if (std::abs(value) >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

}  // namespace

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

void Report::Add(const std::string& name, const std::string& unit, double value) {
  if (!series_.contains(name)) order_.push_back(name);
  Series& series = series_[name];
  series.unit = unit;
  series.runs.push_back(value);
}

void Report::Ratio(const std::string& what, double value, const std::string& target) {
  ratios_.push_back({what, value, target});
}

double Report::MedianOf(const std::string& name) const {
  const auto found = series_.find(name);
  return found == series_.end() ? 0 : Median(found->second.runs);
}

double Report::LeastOf(const std::string& name) const {
  return std::ranges::min(series_.at(name).runs);
}

double Report::MostOf(const std::string& name) const {
  return std::ranges::max(series_.at(name).runs);
}

void Report::Print() const {
  namespace json = boost::json;
  json::object line{{"scenario", scenario_}};
  std::string heading = scenario_;
  for (const auto& [key, value] : facts_) {
    line[key] = value;
    heading += fmt::format("  {} {}", key, value);
  }
  fmt::print(stderr, "\n{}\n{:<38}{:>12}{:>12}{:>12}{:>6}  {}\n", heading, "", "median", "least",
             "most", "runs", "unit");
  json::object measured;
  for (const std::string& name : order_) {
    const Series& series = series_.at(name);
    const auto [least, most] = std::ranges::minmax(series.runs);
    fmt::print(stderr, "{:<38}{:>12}{:>12}{:>12}{:>6}  {}\n", name, Shown(Median(series.runs)),
               Shown(least), Shown(most), series.runs.size(), series.unit);
    measured[name] = json::object{{"unit", series.unit},
                                  {"median", Median(series.runs)},
                                  {"runs", json::array(series.runs.begin(), series.runs.end())}};
  }
  line["measured"] = std::move(measured);
  json::object ratios;
  for (const Quotient& ratio : ratios_) {
    fmt::print(stderr, "{:<50}{:>12.3f}  {}\n", ratio.what, ratio.value,
               ratio.target.empty() ? "" : "target: " + ratio.target);
    ratios[ratio.what] = json::object{{"value", ratio.value}, {"target", ratio.target}};
  }
  line["ratios"] = std::move(ratios);
  std::puts(json::serialize(line).c_str());
  std::fflush(stdout);
}

}  // namespace deadletter::bench
