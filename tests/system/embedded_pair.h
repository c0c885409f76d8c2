// Two SQLite files.
#pragma once

#include "tests/system/pair.h"

namespace deadletter::test {

[[nodiscard]] PairFactory EmbeddedPair();

}  // namespace deadletter::test
