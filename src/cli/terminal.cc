#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>

#include "base/text.h"
#include "cli/characters.h"

namespace deadletter::cli {
namespace {

constexpr std::size_t kDefaultColumns = 80;
constexpr std::size_t kFewestColumns = 40;
constexpr std::size_t kMostColumns = 1000;

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

std::size_t Columns() {
  winsize size{};
  std::size_t columns = 0;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
  if (const char* text = std::getenv("COLUMNS"); columns == 0 && text != nullptr) {
    std::from_chars(text, text + std::string_view(text).size(), columns);
  }
  if (columns == 0) return isatty(STDOUT_FILENO) == 1 ? kDefaultColumns : kAnyColumns;
  return std::clamp(columns, kFewestColumns, kMostColumns);
}

bool Colour() {
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
  return isatty(STDOUT_FILENO) == 1 && !IsSet("NO_COLOR") && !dumb;
}

// As the C library would choose it, without asking it.
bool Blocks() {
  if (isatty(STDOUT_FILENO) != 1) return false;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (!IsSet(name)) continue;
    std::string locale = std::getenv(name);
    std::ranges::transform(locale, locale.begin(), [](unsigned char c) { return std::tolower(c); });
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return false;
}

// C0 and DEL have pictures of their own; the rest has none.
std::string Replacement(char32_t character) {
  if (character < 0x20) return ToUtf8(0x2400 + character);
  if (character == 0x7f) return ToUtf8(0x2421);
  return ToUtf8(0xfffd);
}

std::string JsonEscape(char32_t character) {
  if (character < 0x20) return " ";  // between values only: inside strings JSON has none
  if (character <= 0xffff) return fmt::format("\\u{:04x}", static_cast<std::uint32_t>(character));
  const std::uint32_t above = character - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (above >> 10), 0xdc00 + (above & 0x3ff));
}

std::string Replace(std::string_view bytes, std::string (*replacement)(char32_t)) {
  const std::string text = DisplayText(bytes, std::numeric_limits<std::size_t>::max());
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t character = NextCharacter(text, at);
    safe += IsHarmless(character) ? text.substr(begin, at - begin) : replacement(character);
  }
  return safe;
}

}  // namespace

Terminal StandardTerminal() {
  return {.out = std::cout,
          .error = std::cerr,
          .columns = Columns(),
          .colour = Colour(),
          .blocks = Blocks()};
}

std::string SafeText(std::string_view bytes) {
  return Replace(bytes, Replacement);
}

std::string SafeJson(std::string_view json) {
  return Replace(json, JsonEscape);
}

void SayError(const Terminal& terminal, std::string_view message) {
  terminal.error << "deadletter: " << SafeText(message) << '\n';
}

}  // namespace deadletter::cli
