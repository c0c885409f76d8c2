// Unicode as a terminal sees it: what is safe to send, and how wide it stands.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deadletter::cli {

// The character at `at` of `text` (well-formed UTF-8); `at` moves behind it.
[[nodiscard]] char32_t NextCharacter(std::string_view text, std::size_t& at);
[[nodiscard]] std::string ToUtf8(char32_t character);

// Neither a control character nor one that is invisible or turns the direction of what follows.
[[nodiscard]] bool IsHarmless(char32_t character);

// Columns that `text` (well-formed, harmless) takes: East Asian wide characters and emoji two,
// combining marks none.
[[nodiscard]] std::size_t Width(std::string_view text);

// Exactly `columns` wide: filled up with spaces, or cut with "…".
[[nodiscard]] std::string Fit(std::string_view text, std::size_t columns);

}  // namespace deadletter::cli
