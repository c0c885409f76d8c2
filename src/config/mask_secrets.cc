#include <algorithm>

#include "config/config.h"

namespace deadletter {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::string_view kPassword = "password";

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t SkipSpaces(std::string_view text, size_t at) {
  while (at < text.size() && IsSpace(text[at])) ++at;
  return at;
}

// The end of a value that begins at `at` in a libpq string of NAME=VALUE pairs: quoted, or up to a
// space.
size_t EndOfPairValue(std::string_view text, size_t at) {
  const bool quoted = at < text.size() && text[at] == '\'';
  if (quoted) ++at;
  while (at < text.size()) {
    if (text[at] == '\\') {
      ++at;
    } else if (quoted && text[at] == '\'') {
      return at + 1;
    } else if (!quoted && IsSpace(text[at])) {
      return at;
    }
    ++at;
  }
  return text.size();
}

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

// "password=…" and "sslpassword=…", among a URL's parameters or in a string of pairs.
std::string MaskParameters(std::string text, bool is_url) {
  size_t from = 0;
  while ((from = LowerCase(text).find(kPassword, from)) != std::string::npos) {
    from += kPassword.size();
    size_t at = SkipSpaces(text, from);
    if (at >= text.size() || text[at] != '=') continue;
    at = SkipSpaces(text, at + 1);
    const size_t end =
        is_url ? std::min(text.find('&', at), text.size()) : EndOfPairValue(text, at);
    text.replace(at, end - at, kMask);
    from = at + kMask.size();
  }
  return text;
}

}  // namespace

// Hides too much rather than too little: all that stands between the first ":" and the last "@"
// which could belong to it goes, also where the URL is malformed.
std::string MaskSecrets(std::string_view url) {
  const size_t scheme = url.find("://");
  std::string masked = MaskParameters(std::string(url), scheme != std::string_view::npos);
  if (scheme == std::string_view::npos) return masked;
  const size_t start = scheme + 3;
  size_t at = masked.substr(0, masked.find('?')).rfind('@');
  if (at == std::string::npos || at < start) at = masked.rfind('@');
  const size_t colon = masked.find(':', start);
  if (at == std::string::npos || at < start || colon > at) return masked;
  return masked.replace(colon + 1, at - colon - 1, kMask);
}

}  // namespace deadletter
