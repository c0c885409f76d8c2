#include "cli/letter_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/rfc3339.h"
#include "cli/terminal.h"

namespace deadletter::cli {
namespace {

constexpr std::size_t kMaxDepth = 512;

// As one number; none is less than nothing.
std::string Span(Microseconds span) {
  span = std::max(span, Microseconds(0));
  if (span < std::chrono::minutes(1)) return fmt::format("{}s", span / std::chrono::seconds(1));
  if (span < std::chrono::hours(1)) return fmt::format("{}m", span / std::chrono::minutes(1));
  if (span < std::chrono::days(2)) return fmt::format("{}h", span / std::chrono::hours(1));
  if (span < std::chrono::years(2)) return fmt::format("{}d", span / std::chrono::days(1));
  return fmt::format("{}y", span / std::chrono::years(1));
}

}  // namespace

Result<boost::json::object> ParseAnswer(std::string_view json) {
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::error_code error;
  boost::json::value answer = boost::json::parse(json, error, {}, options);
  if (error) return Fail("the server's answer cannot be read: " + error.message());
  if (!answer.is_object()) return Fail("the server's answer is not a JSON object");
  return std::move(answer.get_object());
}

std::string Field(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) return SafeText(std::string_view(value->get_string()));
  return SafeText(boost::json::serialize(*value));
}

std::string ListField(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return {};
  std::string list;
  for (const boost::json::value& each : value->get_array()) {
    const std::string text = each.is_string() ? SafeText(std::string_view(each.get_string()))
                                              : SafeText(boost::json::serialize(each));
    list += (list.empty() ? "" : " ") + text;
  }
  return list;
}

bool Flag(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string TimeField(const boost::json::object& object, std::string_view name) {
  std::string text = Field(object, name);
  const auto time = ParseRfc3339(text);
  if (!time) return text;
  const std::string utc = FormatRfc3339(time->instant, 0);
  return utc.substr(0, 10) + " " + utc.substr(11, 8) + " UTC";
}

std::string AgeField(const boost::json::object& object, std::string_view name, Instant now) {
  const auto time = ParseRfc3339(Field(object, name));
  return time ? Span(now - time->instant) : std::string();
}

std::string LeftField(const boost::json::object& object, std::string_view name, Instant now) {
  const auto time = ParseRfc3339(Field(object, name));
  return time ? Span(time->instant - now) : std::string();
}

std::int64_t NumberField(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return 0;
  boost::json::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

}  // namespace deadletter::cli
