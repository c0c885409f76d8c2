// What the local commands print as JSON.
#pragma once

#include <limits>
#include <string>
#include <string_view>

#include "base/text.h"
#include "cli/terminal.h"

namespace deadletter {

// Any bytes as a JSON string that is UTF-8 and harmless for a terminal.
[[nodiscard]] inline std::string JsonText(std::string_view bytes) {
  const std::string text = DisplayText(bytes, std::numeric_limits<std::size_t>::max());
  return cli::SafeJson(JsonString(text));
}

}  // namespace deadletter
