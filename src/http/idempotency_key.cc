#include "http/idempotency_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace deadletter::http {
namespace {

bool IsPrintable(char c) {
  return c >= ' ' && c <= '~';
}

std::string_view WithoutSpacesAround(std::string_view text) {
  constexpr std::string_view kSpaces = " \t";
  const auto first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) + 1 - first);
}

// What stands between the quotes; nothing where it is no such string.
std::optional<std::string> Unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string key;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"' || !IsPrintable(text[at])) return std::nullopt;
    if (text[at] == '\\') {
      ++at;
      if (at == text.size() || (text[at] != '"' && text[at] != '\\')) return std::nullopt;
    }
    key += text[at];
  }
  return key;
}

std::optional<std::string> Bare(std::string_view text) {
  const bool is_one = std::ranges::all_of(text, [](char c) {
    return IsPrintable(c) && c != ' ' && c != '"' && c != '\\' && c != ',' && c != ';';
  });
  return is_one ? std::optional(std::string(text)) : std::nullopt;
}

}  // namespace

OperationResult<std::optional<std::string>> ReadIdempotencyKey(
    const std::vector<std::string>& headers) {
  if (headers.empty()) return std::optional<std::string>();
  if (headers.size() > 1) {
    return FailOperation(OperationFault::kBadRequest,
                         "a request has one Idempotency-Key header at most");
  }
  const std::string_view text = WithoutSpacesAround(headers.front());
  auto key = text.starts_with('"') ? Unquoted(text) : Bare(text);
  if (!key || key->empty() || key->size() > kMaxIdempotencyKeyBytes) {
    return FailOperation(OperationFault::kBadRequest,
                         fmt::format("an Idempotency-Key is a string of 1 to {} printable ASCII "
                                     "characters in double quotes, a UUID say",
                                     kMaxIdempotencyKeyBytes));
  }
  return key;
}

OperationResult<void> RefuseIdempotencyKey(const std::vector<std::string>& headers) {
  if (headers.empty()) return {};
  return FailOperation(OperationFault::kBadRequest,
                       "nothing was done: an Idempotency-Key is taken by POST /v1/executions only; "
                       "ask without it, and after no answer look first what was made");
}

}  // namespace deadletter::http
