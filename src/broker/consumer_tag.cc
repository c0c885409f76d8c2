#include "broker/consumer_tag.h"

#include <algorithm>

namespace deadletter {
namespace {

constexpr std::size_t kLongestStem = 255 - 21;  // a point and the 20 digits of 64 bits

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string NumberedConsumerTag(std::string_view configured, std::uint64_t number) {
  return std::string(configured.substr(0, kLongestStem)) + "." + std::to_string(number);
}

bool IsConsumerTagOf(std::string_view tag, std::string_view configured) {
  if (tag == configured) return true;
  const std::string_view stem = configured.substr(0, kLongestStem);
  if (!tag.starts_with(stem)) return false;
  const std::string_view rest = tag.substr(stem.size());
  return rest.size() > 1 && rest.front() == '.' && std::ranges::all_of(rest.substr(1), IsDigit);
}

}  // namespace deadletter
