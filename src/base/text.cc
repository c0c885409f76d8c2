#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/hex_digit.h"

namespace deadletter {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

size_t PlainLength(std::string_view bytes) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kHighs = 0x8080'8080'8080'8080;
  // Whether a byte of the eight is below `limit`, at most 128: the subtraction then borrows into
  // the highest bit of a byte that did not have it.
  const auto any_below = [](std::uint64_t eight, std::uint64_t limit) {
    return ((eight - kOnes * limit) & ~eight & kHighs) != 0;
  };
  const auto any_is = [&](std::uint64_t eight, char c) {
    return any_below(eight ^ (kOnes * static_cast<std::uint8_t>(c)), 1);
  };
  size_t length = 0;
  for (; length + 8 <= bytes.size(); length += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + length, sizeof eight);
    if ((eight & kHighs) != 0 || any_below(eight, 0x20) || any_is(eight, '"') ||
        any_is(eight, '\\') || any_is(eight, 0x7F)) {
      break;
    }
  }
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; };
  while (length < bytes.size() && is_plain(bytes[length])) ++length;
  return length;
}

size_t Utf8CharacterLength(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const auto at = [&](size_t index) { return static_cast<std::uint8_t>(bytes[index]); };
  const std::uint8_t first = at(0);
  if (first < 0x80) return 1;
  size_t length = 0;
  std::uint8_t low = 0x80;  // the second byte's range, narrowed where RFC 3629 section 4 narrows it
  std::uint8_t high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (bytes.size() < length || at(1) < low || at(1) > high) return 0;
  for (size_t index = 2; index < length; ++index) {
    if ((at(index) & 0xC0) != 0x80) return 0;
  }
  return length;
}

bool IsUtf8(std::string_view bytes) {
  for (bytes.remove_prefix(PlainLength(bytes)); !bytes.empty();
       bytes.remove_prefix(PlainLength(bytes))) {
    const size_t length = Utf8CharacterLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string DisplayText(std::string_view bytes, size_t max_bytes) {
  std::string text(bytes.substr(0, std::min(PlainLength(bytes), max_bytes)));
  bytes.remove_prefix(text.size());
  while (!bytes.empty()) {
    const size_t length = Utf8CharacterLength(bytes);
    const bool shown = length > 0 && bytes.front() != '\0';
    const std::string_view character = shown ? bytes.substr(0, length) : kReplacement;
    if (text.size() + character.size() > max_bytes) {
      while (text.size() + kEllipsis.size() > max_bytes && !text.empty()) {
        while (!text.empty() && (static_cast<std::uint8_t>(text.back()) & 0xC0) == 0x80)
          text.pop_back();
        if (!text.empty()) text.pop_back();
      }
      if (kEllipsis.size() <= max_bytes) text += kEllipsis;
      return text;
    }
    text += character;
    bytes.remove_prefix(shown ? length : 1);
  }
  return text;
}

std::string JsonString(std::string_view text) {
  std::string json;
  json.reserve(text.size() + 2);
  json += '"';
  while (true) {
    const size_t plain = PlainLength(text);
    json += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const char c = text.front();
    text.remove_prefix(1);
    switch (c) {
      case '"':
        json += "\\\"";
        break;
      case '\\':
        json += "\\\\";
        break;
      case '\n':
        json += "\\n";
        break;
      case '\r':
        json += "\\r";
        break;
      case '\t':
        json += "\\t";
        break;
      default:
        if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f) {
          json += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          json += c;
        }
    }
  }
  json += '"';
  return json;
}

std::string Base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t index = 0; index < bytes.size(); index += 3) {
    std::uint32_t group = 0;
    for (size_t offset = 0; offset < 3; ++offset) {
      group <<= 8;
      if (index + offset < bytes.size()) group |= static_cast<std::uint8_t>(bytes[index + offset]);
    }
    for (size_t digit = 0; digit < 4; ++digit) {
      const bool padding = index + digit > bytes.size();
      text += padding ? '=' : kBase64Digits[(group >> (18 - 6 * digit)) & 0x3f];
    }
  }
  return text;
}

std::optional<std::string> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  while (!text.empty()) {
    std::uint32_t group = 0;
    size_t digits = 0;
    for (; digits < 4 && text[digits] != '='; ++digits) {
      const size_t value = kBase64Digits.find(text[digits]);
      if (value == std::string_view::npos) return std::nullopt;
      group |= static_cast<std::uint32_t>(value) << (18 - 6 * digits);
    }
    const bool last = text.size() == 4;
    const size_t count = digits - 1;  // of bytes in this group
    if (digits < 2 || (digits < 4 && !last) ||
        text.substr(digits, 4 - digits).find_first_not_of('=') < 4) {
      return std::nullopt;
    }
    if ((group & (0xffffffu >> (8 * count))) != 0)
      return std::nullopt;  // bits that belong to no byte
    for (size_t index = 0; index < count; ++index)
      bytes += static_cast<char>(group >> (16 - 8 * index));
    text.remove_prefix(4);
  }
  return bytes;
}

std::string Hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<std::uint8_t>(c));
  return text;
}

std::optional<std::string> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t index = 0; index < text.size(); index += 2) {
    const auto high = HexDigit(text[index]);
    const auto low = HexDigit(text[index + 1]);
    if (!high || !low) return std::nullopt;
    bytes += static_cast<char>(*high << 4 | *low);
  }
  return bytes;
}

}  // namespace deadletter
