// How a measurement is told: one line of JSON and rows that a person can read.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace deadletter::bench {

[[nodiscard]] double Median(std::vector<double> values);
// The value that `share` of all lie below or at: 0.99.
[[nodiscard]] double Percentile(std::vector<double> values, double share);

inline constexpr const char* kRate = "letters/s";

// What was measured under one name, one value a run.
struct Series {
  std::string unit;
  std::vector<double> runs;
};

class Report {
 public:
  explicit Report(std::string scenario) : scenario_(std::move(scenario)) {}

  void Say(const std::string& key, const std::string& value) { facts_[key] = value; }
  void Add(const std::string& name, const std::string& unit, double value);
  // A quotient, mostly of two medians; `target` empty: for information.
  void Ratio(const std::string& what, double value, const std::string& target = "");
  [[nodiscard]] double MedianOf(const std::string& name) const;
  [[nodiscard]] double LeastOf(const std::string& name) const;
  [[nodiscard]] double MostOf(const std::string& name) const;

  // The table to standard error, the line to standard output.
  void Print() const;

 private:
  struct Quotient {
    std::string what;
    double value;
    std::string target;
  };
  std::string scenario_;
  std::map<std::string, std::string> facts_;
  std::vector<std::string> order_;
  std::map<std::string, Series> series_;
  std::vector<Quotient> ratios_;
};

}  // namespace deadletter::bench
