// The ends of loading: what a configuration is before any source speaks, and what all its keys
// together must fulfil.
#pragma once

#include "config/config.h"

namespace deadletter {

[[nodiscard]] Config DefaultConfig();

// Fills in what follows from other keys and checks the keys against each other. The error is one
// line that names the key, where it was set, and what is allowed.
[[nodiscard]] Result<Config> CompleteConfig(Config config);

}  // namespace deadletter
