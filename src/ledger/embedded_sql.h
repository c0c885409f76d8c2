// SQL that the program carries (cmake/EmbedSql.cmake), and the places in it that are filled in at
// run time.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/migration.h"

namespace deadletter {

// `sql` with each {{name}} replaced by its value, which is not looked into again. Names without a
// value and values without a place in `sql` are a programmer's mistake: the former throws
// std::logic_error.
[[nodiscard]] std::string FillIn(
    std::string_view sql,
    std::initializer_list<std::pair<std::string_view, std::string_view>> values);

}  // namespace deadletter
