#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "tests/fuzz/registry.h"

namespace deadletter::fuzz {
namespace {

std::vector<Target>& Registered() {
  static std::vector<Target> targets;
  return targets;
}

}  // namespace

void Require(bool holds, std::string_view property, const std::source_location& place) {
  if (holds) return;
  throw BrokenProperty(fmt::format("{}:{}: broken: {}", place.file_name(), place.line(), property));
}

bool IsOneLine(std::string_view text) {
  return !text.empty() && text.find('\n') == std::string_view::npos;
}

bool IsOneShownLine(std::string_view text) {
  return !text.empty() && IsUtf8(text) &&
         std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

Registration::Registration(std::string_view name, Run run) {
  Registered().push_back({name, run});
}

const std::vector<Target>& Targets() {
  return Registered();
}

}  // namespace deadletter::fuzz
