#include "operations/cursor.h"

#include <algorithm>

#include "base/text.h"

namespace deadletter {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kCursorBytes = 1 + 16 + 8;

std::string Base64Url(std::string_view bytes) {
  std::string text = Base64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  return text;
}

std::optional<std::uint32_t> Base64UrlDigit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return std::nullopt;
}

std::optional<std::string> FromBase64Url(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto digit = Base64UrlDigit(c);
    if (!digit) return std::nullopt;
    bits = (bits << 6 | *digit) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xff);
    }
  }
  return bytes;
}

}  // namespace

std::string FormatCursor(const Cursor& cursor) {
  std::string bytes(1, kVersion);
  bytes.append(cursor.after.value().bytes.begin(), cursor.after.value().bytes.end());
  bytes.append(cursor.filter.begin(), cursor.filter.end());
  return Base64Url(bytes);
}

std::optional<Cursor> ParseCursor(std::string_view text) {
  const auto bytes = FromBase64Url(text);
  if (!bytes || bytes->size() != kCursorBytes || bytes->front() != kVersion) return std::nullopt;
  Uuid id;
  std::copy_n(bytes->begin() + 1, id.bytes.size(), id.bytes.begin());
  Cursor cursor{.after = LetterId(id)};
  std::copy_n(bytes->begin() + 17, cursor.filter.size(), cursor.filter.begin());
  // One spelling only: stray bits or digits at the end make it somebody else's text.
  if (FormatCursor(cursor) != text) return std::nullopt;
  return cursor;
}

}  // namespace deadletter
