#include <fmt/format.h>

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

Registration::Registration(std::string_view name, Run run) {
  Registered().push_back({name, run});
}

const std::vector<Target>& Targets() {
  return Registered();
}

}  // namespace deadletter::fuzz
