#include "cli/characters.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace deadletter::cli {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Sorted. Unicode 15: controls, format characters that hide or reorder text, line separators,
// language tags.
constexpr Range kHarmful[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x034f, 0x034f},
    {0x061c, 0x061c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
    {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
};
constexpr Range kWide[] = {
    {0x1100, 0x115e},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
};
constexpr Range kCombining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},
    {0x064b, 0x065f}, {0x0e34, 0x0e3a}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

template <std::size_t Size>
bool IsIn(const Range (&ranges)[Size], char32_t character) {
  const auto* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), character,
                       [](char32_t value, const Range& range) { return value < range.first; });
  return after != std::begin(ranges) && character <= std::prev(after)->last;
}

std::size_t WidthOf(char32_t character) {
  if (IsIn(kCombining, character)) return 0;
  return IsIn(kWide, character) ? 2 : 1;
}

}  // namespace

char32_t NextCharacter(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
  const std::uint8_t first = byte(at++);
  if (first < 0x80) return first;
  const int following = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  char32_t character = first & (0x3f >> following);
  for (int index = 0; index < following && at < text.size(); ++index) {
    character = character << 6 | (byte(at++) & 0x3f);
  }
  return character;
}

std::string ToUtf8(char32_t character) {
  const auto tail = [&](int shift) {
    return static_cast<char>(0x80 | (character >> shift & 0x3f));
  };
  if (character < 0x80) return {static_cast<char>(character)};
  if (character < 0x800) return {static_cast<char>(0xc0 | character >> 6), tail(0)};
  if (character < 0x10000) return {static_cast<char>(0xe0 | character >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | character >> 18), tail(12), tail(6), tail(0)};
}

bool IsHarmless(char32_t character) {
  return !IsIn(kHarmful, character);
}

std::size_t Width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) width += WidthOf(NextCharacter(text, at));
  return width;
}

std::string Fit(std::string_view text, std::size_t columns) {
  const std::size_t whole = Width(text);
  if (whole <= columns) return std::string(text) + std::string(columns - whole, ' ');
  std::size_t width = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t next = at;
    const std::size_t added = WidthOf(NextCharacter(text, next));
    if (width + added + 1 > columns) break;
    width += added;
    at = next;
  }
  return std::string(text.substr(0, at)) + "…" + std::string(columns - width - 1, ' ');
}

}  // namespace deadletter::cli
