// One digit of the hexadecimal texts that we read: URLs, identities, digests.
#pragma once

#include <optional>

namespace deadletter {

// Its value, 0 to 15; of either case; nothing where `c` is none.
[[nodiscard]] constexpr std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

}  // namespace deadletter
