#include "cli/bars.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace deadletter::cli {
namespace {

// Nothing, and eight heights.
constexpr std::array<std::string_view, 9> kBlocks = {
    " ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
constexpr std::array<std::string_view, 9> kAscii = {".", "_", "-", ":", "=", "+", "*", "#", "@"};

// Whatever a server says can be added up.
constexpr std::int64_t kMost = 1'000'000'000'000'000;

// So many that follow each other become one.
std::vector<std::int64_t> Joined(const std::vector<std::int64_t>& numbers, std::size_t columns) {
  const std::size_t together = (numbers.size() + columns - 1) / columns;
  std::vector<std::int64_t> joined;
  // The last ones are the latest, and whole.
  std::size_t left = numbers.size() % together == 0 ? together : numbers.size() % together;
  for (std::size_t at = 0; at < numbers.size(); at += left, left = together) {
    std::int64_t sum = 0;
    for (std::size_t each = at; each < at + left; ++each)
      sum += std::clamp<std::int64_t>(numbers[each], 0, kMost);
    joined.push_back(sum);
  }
  return joined;
}

}  // namespace

std::string Bars(const std::vector<std::int64_t>& numbers, std::size_t columns, bool blocks) {
  if (numbers.empty() || columns == 0) return {};
  const std::vector<std::int64_t> joined = Joined(numbers, columns);
  const std::int64_t most = std::max<std::int64_t>(1, std::ranges::max(joined));
  const auto& heights = blocks ? kBlocks : kAscii;
  std::string bars;
  for (const std::int64_t number : joined) {
    const double share = static_cast<double>(number) / static_cast<double>(most);
    const auto height = static_cast<std::size_t>(share * 7) + 1;
    bars += number == 0 ? heights[0] : heights[std::min<std::size_t>(height, 8)];
  }
  return bars;
}

}  // namespace deadletter::cli
