#include "cli/duration.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace deadletter::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongest = std::chrono::years(10);
constexpr std::array<std::pair<std::string_view, milliseconds>, 5> kUnits = {{
    {"ms", milliseconds(1)},
    {"s", std::chrono::seconds(1)},
    {"m", std::chrono::minutes(1)},
    {"h", std::chrono::hours(1)},
    {"d", std::chrono::days(1)},
}};

}  // namespace

std::optional<milliseconds> ParseDuration(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(end, text.data() + text.size());
  for (const auto& [name, length] : kUnits) {
    if (unit != name) continue;
    if (number > static_cast<std::uint64_t>(kLongest / length)) return std::nullopt;
    return length * number;
  }
  return std::nullopt;
}

}  // namespace deadletter::cli
