// The JSON body of a request, read strictly: what is unknown or out of range is told, never passed
// over.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "operations/operation_error.h"
#include "operations/query.h"

namespace deadletter {

inline constexpr std::size_t kMaxRequestDepth = 32;

// kBadRequest: "the body " and why.
[[nodiscard]] Unexpected<OperationError> BadBody(std::string_view why);

// A JSON object without other members than these. kBadRequest: it is none, or is nested deeper than
// `max_depth`.
[[nodiscard]] OperationResult<boost::json::object> ReadObject(
    std::string_view json, std::initializer_list<std::string_view> names,
    std::size_t max_depth = kMaxRequestDepth);

// Of an object inside the body. `where` comes first in the message: "redirect: ".
[[nodiscard]] Problem UnknownMember(const boost::json::object& object, std::string_view where,
                                    std::initializer_list<std::string_view> names);

[[nodiscard]] Problem ReadInteger(const boost::json::value& value, std::string_view name,
                                  std::int64_t least, std::int64_t most, std::int64_t& number);
[[nodiscard]] Problem ReadFlag(const boost::json::value& value, std::string_view name, bool& flag);

}  // namespace deadletter
