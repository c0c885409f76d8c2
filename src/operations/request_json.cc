#include "operations/request_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <utility>

namespace deadletter {

std::optional<boost::json::object> ReadRequestObject(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaxRequestDepth;
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(text, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

Problem UnknownMember(const boost::json::object& object, std::string_view where,
                      std::initializer_list<std::string_view> known) {
  for (const auto& member : object) {
    const std::string_view name = member.key();
    if (std::ranges::find(known, name) != known.end()) continue;
    return fmt::format("{}unknown member {}: there are {}", where, Quoted(name),
                       fmt::join(known, ", "));
  }
  return std::nullopt;
}

Problem ReadFlag(const boost::json::value& value, std::string_view name, bool& flag) {
  if (!value.is_bool()) return fmt::format("{} must be true or false", name);
  flag = value.get_bool();
  return std::nullopt;
}

Problem ReadInteger(const boost::json::value& value, std::string_view name, std::int64_t least,
                    std::int64_t most, std::int64_t& number) {
  boost::json::error_code error;
  number = value.is_number() && !value.is_double() ? value.to_number<std::int64_t>(error) : -1;
  if (!error && number >= least && number <= most) return std::nullopt;
  return fmt::format("{} must be a whole number from {} to {}", name, least, most);
}

}  // namespace deadletter
