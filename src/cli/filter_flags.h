// The flags that say which letters, acts, groups or hours: those of the HTTP interface by the same
// names. Internal to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace deadletter::cli {

struct FilterFlag {
  const char* flag;
  const char* parameter;  // of the HTTP API
  const char* help;
};

[[nodiscard]] std::span<const FilterFlag> LetterFilters();
[[nodiscard]] std::span<const FilterFlag> TrialFilters();  // without --since
[[nodiscard]] std::span<const FilterFlag> AuditFilters();
[[nodiscard]] std::span<const FilterFlag> GroupFilters();
[[nodiscard]] std::span<const FilterFlag> StatisticsFilters();

// Written into by CLI11 while it reads; must not move meanwhile.
class FilterFlags {
 public:
  void AddTo(CLI::App& command, std::span<const FilterFlag> flags);
  // Those of `flags` that were given: parameters and their values.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> Given(
      std::span<const FilterFlag> flags) const;

 private:
  std::map<std::string, std::optional<std::string>> values_;  // by parameter
};

}  // namespace deadletter::cli
