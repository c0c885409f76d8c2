// Pieces of JSON text, unchanged: what a letter holds is shown digit by digit, which a parsed
// number is not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace deadletter::cli {

// The value of the first member of that name, as it is written. `object` is well-formed JSON;
// `name` needs no escaping. Nothing where there is no such member.
[[nodiscard]] std::optional<std::string_view> FindMember(std::string_view object,
                                                         std::string_view name);

// Well-formed JSON spread over lines, two spaces a level; empty objects and arrays stay together.
[[nodiscard]] std::string PrettyJson(std::string_view json);

}  // namespace deadletter::cli
