// Patterns as people write them: `*` any run of characters, `?` one.
#pragma once

#include <string_view>

namespace deadletter {

// Whether `glob` is all of `text`. Characters are UTF-8's; a byte that belongs to none counts as
// one. Costs no more than the one's length times the other's.
[[nodiscard]] bool GlobMatches(std::string_view glob, std::string_view text);

}  // namespace deadletter
