// A letter's body inside a JSON answer, whatever it is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deadletter {

inline constexpr std::size_t kMaxShownBodyBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxShownBodyDepth = 64;
// For whoever wants a body whole, however long.
inline constexpr std::size_t kAnyBodyBytes = static_cast<std::size_t>(-1);

// {"encoding":"json"|"text"|"base64","value":…,"truncated":…,"redacted":…,"url":"…"}. JSON within
// those limits is embedded as it is (numbers digit by digit), other UTF-8 is a string, and the rest
// is base64; of what is longer than the limit the front is shown. `url` leads to the whole.
// `redacted`: something in `body` stands for what is hidden.
[[nodiscard]] std::string BodyJson(std::string_view body, std::string_view url,
                                   bool redacted = false,
                                   std::size_t max_body_bytes = kMaxShownBodyBytes);

// {"encoding":…,"value":…} of the whole body, however large: for those who work with it.
[[nodiscard]] std::string WholeBodyJson(std::string_view body);

// As BodyJson() of a body of which nothing may be shown: "redacted" is its encoding, null its
// value.
[[nodiscard]] std::string HiddenBodyJson(std::string_view url);

}  // namespace deadletter
