// What std::ranges::contains is, which the compilers that we build with do not all have.
#pragma once

#include <algorithm>
#include <ranges>

namespace deadletter {

template <std::ranges::input_range Range, class Value>
[[nodiscard]] constexpr bool Contains(const Range& range, const Value& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

}  // namespace deadletter
