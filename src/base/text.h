// Hostile bytes made fit to be shown.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace deadletter {

// How many bytes at the front of `bytes` are printable ASCII other than '"' and '\\': UTF-8, and
// the same in JSON. Found eight at a time, since most text is nothing else.
[[nodiscard]] size_t PlainLength(std::string_view bytes);
// The length of the well-formed UTF-8 character (RFC 3629) at the front of `bytes`; 0 where there
// is none.
[[nodiscard]] size_t Utf8CharacterLength(std::string_view bytes);
[[nodiscard]] bool IsUtf8(std::string_view bytes);  // RFC 3629: no surrogates, nothing overlong

// What is not UTF-8 becomes U+FFFD; so does NUL, which neither PostgreSQL's text nor its jsonb can
// hold. At most `max_bytes` of it, cut at a character, with "…" where something was cut.
[[nodiscard]] std::string DisplayText(std::string_view bytes, size_t max_bytes);

// `text` (UTF-8) as a JSON string with its quotes; control characters escaped.
[[nodiscard]] std::string JsonString(std::string_view text);

[[nodiscard]] std::string Base64(std::string_view bytes);
[[nodiscard]] std::string Hex(std::string_view bytes);
// What Base64() and Hex() wrote (Hex in either case); anything else, line breaks or missing padding
// included, is nothing.
[[nodiscard]] std::optional<std::string> FromBase64(std::string_view text);
[[nodiscard]] std::optional<std::string> FromHex(std::string_view text);

}  // namespace deadletter
