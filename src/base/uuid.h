// UUIDs: 16 bytes, as RFC 9562 lays them out.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace deadletter {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

// The canonical 8-4-4-4-12 form, either case. Nothing else is a UUID here (no braces, no "urn:").
[[nodiscard]] std::optional<Uuid> ParseUuid(std::string_view text);
[[nodiscard]] std::string FormatUuid(const Uuid& uuid);  // lower case

// Version 4, from the system's cryptographic source.
[[nodiscard]] Uuid RandomUuid();

// Version 7: ordered by time, so that an index grows at its end. Within one process each is greater
// than the one before it, also when the clock stands still or goes back. Safe from any thread.
[[nodiscard]] Uuid TimeOrderedUuid(Instant now);

}  // namespace deadletter
