#include "cli/validators.h"

#include <charconv>
#include <cstdint>
#include <string>

namespace deadletter::cli {
namespace {

template <class Number>
std::string CheckNumber(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return {};
  return "must be a number, not '" + text + "'";
}

}  // namespace

CLI::Validator AnyNumber() {
  return CLI::Validator(&CheckNumber<double>, "");
}

CLI::Validator AnyWholeNumber() {
  return CLI::Validator(&CheckNumber<std::int64_t>, "");
}

CLI::Validator UpTo(std::size_t most) {
  return FromTo(1, most);
}

CLI::Validator FromTo(std::size_t least, std::size_t most) {
  return CLI::Validator(
      [least, most](const std::string& text) -> std::string {
        std::size_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool whole = error == std::errc() && end == text.data() + text.size();
        if (whole && number >= least && number <= most) return {};
        return "must be a number from " + std::to_string(least) + " to " + std::to_string(most) +
               ", not '" + text + "'";
      },
      "");
}

}  // namespace deadletter::cli
