// Numbers drawn in one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace deadletter::cli {

// A character for each number, or, where there are more than `columns`, for several that follow
// each other; the tallest stands for the greatest, and only nothing is drawn as nothing.
[[nodiscard]] std::string Bars(const std::vector<std::int64_t>& numbers, std::size_t columns,
                               bool blocks);

}  // namespace deadletter::cli
