#include "config/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "config/limits.h"

namespace deadletter {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// The largest first.
constexpr std::array<Unit, 5> kDurations = {{{"d", limits::kDayMs},
                                             {"h", limits::kHourMs},
                                             {"m", limits::kMinuteMs},
                                             {"s", limits::kSecondMs},
                                             {"ms", 1}}};
constexpr std::array<Unit, 3> kSizes = {
    {{"GiB", limits::kGibBytes}, {"MiB", limits::kMibBytes}, {"KiB", limits::kKibBytes}}};

std::optional<std::int64_t> Parse(std::string_view text, std::span<const Unit> units) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;  // no sign
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  for (const Unit& unit : units) {
    if (text != unit.name) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

std::string Format(std::int64_t number, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (number % unit.factor == 0) {
      return std::to_string(number / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(number);
}

}  // namespace

std::optional<std::int64_t> ParseDurationMs(std::string_view text) {
  if (text == "0") return 0;
  return Parse(text, kDurations);
}

std::optional<std::int64_t> ParseSizeBytes(std::string_view text) {
  return Parse(text, kSizes);
}

std::string FormatDurationMs(std::int64_t milliseconds) {
  return milliseconds == 0 ? "0s" : Format(milliseconds, kDurations);
}

std::string FormatSizeBytes(std::int64_t bytes) {
  return Format(bytes, kSizes);
}

}  // namespace deadletter
