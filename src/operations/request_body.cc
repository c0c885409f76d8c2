#include "operations/request_body.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <string>

#include "operations/query.h"

namespace deadletter {

Unexpected<OperationError> BadBody(std::string_view why) {
  return FailOperation(OperationFault::kBadRequest, "the body " + std::string(why));
}

OperationResult<boost::json::object> ReadObject(std::string_view json,
                                                std::span<const std::string_view> names) {
  boost::json::error_code error;
  boost::json::value read =
      boost::json::parse(boost::json::string_view(json.data(), json.size()), error);
  if (error) return BadBody("is not JSON: " + error.message());
  if (!read.is_object()) return BadBody("must be a JSON object");
  for (const auto& member : read.get_object()) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::ranges::find(names, name) != names.end()) continue;
    return BadBody("has an unknown member " + Quoted(name) + ": there " +
                   (names.size() == 1 ? "is " : "are ") +
                   fmt::format("{}", fmt::join(names, ", ")));
  }
  return std::move(read.get_object());
}

}  // namespace deadletter
