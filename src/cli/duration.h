// Durations as people write them on the command line.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace deadletter::cli {

// A whole number and a unit (ms, s, m, h, d): "300ms", "5m". Nothing for anything else, and beyond
// ten years.
[[nodiscard]] std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text);

}  // namespace deadletter::cli
