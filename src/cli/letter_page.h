// One letter for a person: what died, where, why, and what we did about it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace deadletter::cli {

// `json` is the API's answer for one letter. Every line of the page is harmless to a terminal and,
// `colour` apart, the same everywhere.
[[nodiscard]] Result<std::string> LetterPage(std::string_view json, bool colour);

}  // namespace deadletter::cli
