// Durations ("300ms", "5m", "30 d") and sizes ("64MiB") as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace deadletter {

// Units ms, s, m, h, d, one space before the unit allowed, and "0" alone. Nothing for anything else
// and for what 63 bits cannot hold.
[[nodiscard]] std::optional<std::int64_t> ParseDurationMs(std::string_view text);
// Units KiB, MiB, GiB.
[[nodiscard]] std::optional<std::int64_t> ParseSizeBytes(std::string_view text);

// With the largest unit that tells it exactly.
[[nodiscard]] std::string FormatDurationMs(std::int64_t milliseconds);
[[nodiscard]] std::string FormatSizeBytes(std::int64_t bytes);

}  // namespace deadletter
