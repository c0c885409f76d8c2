#include "cli/validators.h"

#include <charconv>
#include <string>

namespace deadletter::cli {

CLI::Validator UpTo(std::size_t most) {
  return CLI::Validator(
      [most](const std::string& text) -> std::string {
        std::size_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool whole = error == std::errc() && end == text.data() + text.size();
        if (whole && number >= 1 && number <= most) return {};
        return "must be a number from 1 to " + std::to_string(most) + ", not '" + text + "'";
      },
      "");
}

}  // namespace deadletter::cli
