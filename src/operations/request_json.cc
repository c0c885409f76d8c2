#include "operations/request_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <string>
#include <utility>

namespace deadletter {

Unexpected<OperationError> BadBody(std::string_view why) {
  return FailOperation(OperationFault::kBadRequest, "the body " + std::string(why));
}

OperationResult<boost::json::object> ReadObject(std::string_view json,
                                                std::initializer_list<std::string_view> names,
                                                std::size_t max_depth) {
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::json::error_code error;
  boost::json::value read =
      boost::json::parse(boost::json::string_view(json.data(), json.size()), error, {}, options);
  if (error) return BadBody("is not JSON: " + error.message());
  if (!read.is_object()) return BadBody("must be a JSON object");
  if (const auto problem = UnknownMember(read.get_object(), "has an ", names))
    return BadBody(*problem);
  return std::move(read.get_object());
}

Problem UnknownMember(const boost::json::object& object, std::string_view where,
                      std::initializer_list<std::string_view> names) {
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::ranges::find(names, name) != names.end()) continue;
    return fmt::format("{}unknown member {}: there {} {}", where, Quoted(name),
                       names.size() == 1 ? "is" : "are", fmt::join(names, ", "));
  }
  return std::nullopt;
}

Problem ReadInteger(const boost::json::value& value, std::string_view name, std::int64_t least,
                    std::int64_t most, std::int64_t& number) {
  boost::json::error_code error;
  number = value.is_number() && !value.is_double() ? value.to_number<std::int64_t>(error) : least;
  const bool whole = value.is_number() && !value.is_double() && !error;
  if (whole && number >= least && number <= most) return std::nullopt;
  return fmt::format("{} must be a whole number from {} to {}", name, least, most);
}

Problem ReadFlag(const boost::json::value& value, std::string_view name, bool& flag) {
  if (!value.is_bool()) return fmt::format("{} must be true or false", name);
  flag = value.get_bool();
  return std::nullopt;
}

}  // namespace deadletter
