#include <fmt/format.h>

#include "base/text.h"
#include "config/config.h"
#include "config/toml_file.h"

namespace deadletter {
namespace {

std::string Json(const RawValue& value);

struct Writer {
  std::string operator()(const RawText& raw) const { return JsonString(raw.text); }
  std::string operator()(const std::string& text) const { return JsonString(text); }
  std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
  std::string operator()(double number) const { return fmt::format("{}", number); }
  std::string operator()(bool yes) const { return yes ? "true" : "false"; }
  std::string operator()(const RawDate&) const { return "null"; }
  std::string operator()(const RawArray& array) const {
    std::string items;
    for (const RawValue& item : array) items += (items.empty() ? "" : ",") + Json(item);
    return "[" + items + "]";
  }
  std::string operator()(const RawTable& table) const {
    std::string members;
    for (const RawEntry& entry : table) {
      members += (members.empty() ? "" : ",") + JsonString(entry.name) + ":" + Json(entry.value);
    }
    return "{" + members + "}";
  }
};

std::string Json(const RawValue& value) {
  return std::visit(Writer{}, value.content);
}

}  // namespace

// By way of the TOML, so that a key is shown in one way only; that this is TOML is tested there.
std::string DescribeConfigAsJson(const Config& config) {
  const auto table = ReadToml(DescribeConfig(config), "configuration");
  return table ? Writer{}(*table) : "null";
}

}  // namespace deadletter
