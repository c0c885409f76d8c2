// Checks of flags' values that answer in our words. Internal to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>

namespace deadletter::cli {

// A number from 1 to `most`.
[[nodiscard]] CLI::Validator UpTo(std::size_t most);
[[nodiscard]] CLI::Validator FromTo(std::size_t least, std::size_t most);
// A number of which the server says what it may be. An empty text is none: it would be taken for a
// flag that was not given.
[[nodiscard]] CLI::Validator AnyNumber();
// The same, without a fraction.
[[nodiscard]] CLI::Validator AnyWholeNumber();

}  // namespace deadletter::cli
