// The targets that are linked into this program.
#pragma once

#include <vector>

#include "tests/fuzz/target.h"

namespace deadletter::fuzz {

[[nodiscard]] const std::vector<Target>& Targets();

}  // namespace deadletter::fuzz
