#include "letter/json_text.h"

#include <charconv>
#include <cstring>

namespace deadletter {
namespace {

unsigned HexFour(const char* digits) {
  unsigned number = 0;
  std::from_chars(digits, digits + 4, number, 16);
  return number;
}

void AppendUtf8(std::string& text, unsigned code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | code >> 6);
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0 | code >> 12);
    text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | code >> 18);
    text += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// `at` points behind "\u"; returns where the escape, or the pair of them, ends.
const char* AppendEscapedCode(JsonText& text, const char* at, const char* end) {
  const unsigned code = HexFour(at);
  at += 4;
  if (code < 0xD800 || code > 0xDFFF) {
    AppendUtf8(text.text, code);
    return at;
  }
  if (code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
    const unsigned low = HexFour(at + 2);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      AppendUtf8(text.text, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
      return at + 6;
    }
  }
  text.lone_surrogate = true;
  AppendUtf8(text.text, 0xFFFD);
  return at;
}

char ControlOf(char escape) {
  switch (escape) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return escape;  // '"', '\\', '/'
  }
}

}  // namespace

JsonText UnescapeJson(std::string_view raw) {
  JsonText text;
  text.text.reserve(raw.size() - 2);
  const char* at = raw.data() + 1;
  const char* const end = raw.data() + raw.size() - 1;
  while (at != end) {
    const auto* escape =
        static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
    if (escape == nullptr) escape = end;
    text.text.append(at, escape);
    at = escape;
    if (at == end) break;
    const char kind = at[1];
    at += 2;
    if (kind == 'u') {
      at = AppendEscapedCode(text, at, end);
    } else {
      text.text += ControlOf(kind);
    }
  }
  return text;
}

bool IsIntegerLiteral(std::string_view raw) {
  return raw.find_first_of(".eE") == std::string_view::npos;
}

}  // namespace deadletter
