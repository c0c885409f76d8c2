// Members of the API's JSON as text for people.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace deadletter::cli {

// As deep as our own API nests: a body of 64 levels, headers of as many tables.
[[nodiscard]] Result<boost::json::object> ParseAnswer(std::string_view json);

// A string, a number or a boolean as harmless text on one line; empty where it is null or not
// there.
[[nodiscard]] std::string Field(const boost::json::object& object, std::string_view name);
[[nodiscard]] bool Flag(const boost::json::object& object, std::string_view name);

// A list of such values with spaces between; empty where it is none.
[[nodiscard]] std::string ListField(const boost::json::object& object, std::string_view name);

// "2026-11-23 19:57:03 UTC"; as it is where it is no time.
[[nodiscard]] std::string TimeField(const boost::json::object& object, std::string_view name);

// "12s", "3m", "2h", "5d", "2y" from the time in `name` until `now`; empty where it is no time.
[[nodiscard]] std::string AgeField(const boost::json::object& object, std::string_view name,
                                   Instant now);

// The same from `now` until the time in `name`.
[[nodiscard]] std::string LeftField(const boost::json::object& object, std::string_view name,
                                    Instant now);

// A whole number; 0 where there is none.
[[nodiscard]] std::int64_t NumberField(const boost::json::object& object, std::string_view name);

}  // namespace deadletter::cli
