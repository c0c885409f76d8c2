// Single JSON values as text. Internal to the layer.
#pragma once

#include <string>
#include <string_view>

namespace deadletter {

// A JSON string's characters, escapes resolved. UTF-8: a lone surrogate becomes U+FFFD.
struct JsonText {
  std::string text;
  bool lone_surrogate = false;
};

// `raw` is a JSON string well-formed, with its quotes.
[[nodiscard]] JsonText UnescapeJson(std::string_view raw);

// `raw` is a JSON number: neither fraction nor exponent.
[[nodiscard]] bool IsIntegerLiteral(std::string_view raw);

}  // namespace deadletter
