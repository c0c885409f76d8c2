// JSON that a request brings, read member by member; what is wrong is one line that says what is
// allowed.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "operations/query.h"

namespace deadletter {

// Deeper than this nothing nests that a request is made of.
inline constexpr std::size_t kMaxRequestDepth = 32;

// Nothing where `text` is no JSON object, or nested too deep.
[[nodiscard]] std::optional<boost::json::object> ReadRequestObject(std::string_view text);

// `where` stands in front: "redirect: ".
[[nodiscard]] Problem UnknownMember(const boost::json::object& object, std::string_view where,
                                    std::initializer_list<std::string_view> known);
[[nodiscard]] Problem ReadFlag(const boost::json::value& value, std::string_view name, bool& flag);
[[nodiscard]] Problem ReadInteger(const boost::json::value& value, std::string_view name,
                                  std::int64_t least, std::int64_t most, std::int64_t& number);

}  // namespace deadletter
