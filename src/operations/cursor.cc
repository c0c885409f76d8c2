#include "operations/cursor.h"

#include <algorithm>

#include "base/text.h"

namespace deadletter {
namespace {

constexpr char kPlainVersion = 1;
constexpr char kRankedVersion = 2;
constexpr std::size_t kPlainBytes = 1 + 16 + 8;
constexpr std::size_t kRankBytes = 8;  // behind the others, the greatest first

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
  std::string bytes(1, cursor.rank ? kRankedVersion : kPlainVersion);
  bytes.append(cursor.after.value().bytes.begin(), cursor.after.value().bytes.end());
  bytes.append(cursor.filter.begin(), cursor.filter.end());
  if (cursor.rank) {
    const auto rank = static_cast<std::uint64_t>(*cursor.rank);
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(rank >> shift & 0xff);
  }
  return Base64Url(bytes);
}

std::optional<Cursor> ParseCursor(std::string_view text) {
  const auto bytes = FromBase64Url(text);
  if (!bytes || bytes->empty()) return std::nullopt;
  const bool is_ranked = bytes->front() == kRankedVersion;
  if (!is_ranked && bytes->front() != kPlainVersion) return std::nullopt;
  if (bytes->size() != kPlainBytes + (is_ranked ? kRankBytes : 0)) return std::nullopt;
  Uuid id;
  std::copy_n(bytes->begin() + 1, id.bytes.size(), id.bytes.begin());
  Cursor cursor{.after = LetterId(id)};
  std::copy_n(bytes->begin() + 17, cursor.filter.size(), cursor.filter.begin());
  if (is_ranked) {
    std::uint64_t rank = 0;
    for (std::size_t at = kPlainBytes; at < bytes->size(); ++at)
      rank = rank << 8 | static_cast<unsigned char>((*bytes)[at]);
    cursor.rank = static_cast<std::int64_t>(rank);
  }
  // One spelling only: stray bits or digits at the end make it somebody else's text.
  if (FormatCursor(cursor) != text) return std::nullopt;
  return cursor;
}

}  // namespace deadletter
