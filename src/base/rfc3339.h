// RFC 3339 times, read strictly and written in UTC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace deadletter {

struct Rfc3339Time {
  Instant instant;      // what is finer than a microsecond is cut off
  int fraction_digits;  // as written, 0 and up: the precision that the writer chose
};

// Accepts RFC 3339 section 5.6: any offset, 'T' 't' or a space, 'Z' 'z', any number of fraction
// digits, a leap second (":60", the instant after it). Anything else, an impossible date included,
// is nothing.
[[nodiscard]] std::optional<Rfc3339Time> ParseRfc3339(std::string_view text);

// "2026-11-23T19:57:03.123456Z"; `fraction_digits` from 0 to 6.
[[nodiscard]] std::string FormatRfc3339(Instant instant, int fraction_digits = 6);

}  // namespace deadletter
