// Where a list goes on. Opaque to callers: base64url of a version, the last item given, where a
// list is ordered by something else than that also its place, and a digest of the filter, so that
// the cursor of another question is refused instead of answered with holes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "letter/letter.h"

namespace deadletter {

using FilterDigest = std::array<std::uint8_t, 8>;

struct Cursor {
  LetterId after;
  FilterDigest filter{};
  std::optional<std::int64_t> rank = std::nullopt;  // what the list is ordered by before the id

  friend bool operator==(const Cursor&, const Cursor&) = default;
};

[[nodiscard]] std::string FormatCursor(const Cursor& cursor);
[[nodiscard]] std::optional<Cursor> ParseCursor(
    std::string_view text);  // only what FormatCursor wrote

}  // namespace deadletter
