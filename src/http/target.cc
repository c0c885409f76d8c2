#include "http/target.h"

#include <optional>

#include "base/hex_digit.h"

namespace deadletter::http {
namespace {

enum class Plus { kItself, kSpace };

std::optional<std::string> Decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '+' && plus == Plus::kSpace) {
      decoded += ' ';
    } else if (text[index] != '%') {
      decoded += text[index];
    } else {
      if (index + 2 >= text.size()) return std::nullopt;
      const auto high = HexDigit(text[index + 1]);
      const auto low = HexDigit(text[index + 2]);
      if (!high || !low) return std::nullopt;
      decoded += static_cast<char>(*high * 16 + *low);
      index += 2;
    }
  }
  return decoded;
}

// The text before `separator`; `rest` becomes what is after it, or empty.
std::string_view TakeUntil(char separator, std::string_view& rest) {
  const std::size_t end = rest.find(separator);
  const std::string_view front = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return front;
}

Unexpected<Error> BadEncoding(std::string_view where) {
  return Fail("the " + std::string(where) +
              " holds a % that is not followed by two hexadecimal digits");
}

Result<void> ReadPath(std::string_view path, Target& target) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    auto decoded = Decode(segment, Plus::kItself);
    if (!decoded) return BadEncoding("path");
    target.path.push_back(std::move(*decoded));
  }
  if (target.path.size() == 1 && target.path.front().empty()) target.path.clear();
  return {};
}

Result<void> ReadQuery(std::string_view query, Target& target) {
  while (!query.empty()) {
    std::string_view value = TakeUntil('&', query);
    if (value.empty()) continue;
    auto name = Decode(TakeUntil('=', value), Plus::kSpace);
    auto decoded = Decode(value, Plus::kSpace);
    if (!name || !decoded) return BadEncoding("query");
    target.parameters.push_back({std::move(*name), std::move(*decoded)});
  }
  return {};
}

}  // namespace

Result<Target> ParseTarget(std::string_view text) {
  if (!text.starts_with('/')) return Fail("the request's target must begin with /");
  Target target;
  const std::string_view path = TakeUntil('?', text);
  if (auto read = ReadPath(path, target); !read) return Unexpected<Error>(read.error());
  if (auto read = ReadQuery(text, target); !read) return Unexpected<Error>(read.error());
  return target;
}

}  // namespace deadletter::http
