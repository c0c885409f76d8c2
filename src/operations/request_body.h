// The JSON object in a request's body.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string_view>

#include "operations/operation_error.h"

namespace deadletter {

// kBadRequest: "the body …".
[[nodiscard]] Unexpected<OperationError> BadBody(std::string_view why);

// A JSON object with no other members than these.
[[nodiscard]] OperationResult<boost::json::object> ReadObject(
    std::string_view json, std::span<const std::string_view> names);

}  // namespace deadletter
