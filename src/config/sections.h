// From the sections of a file to the configuration, key by key in the order of the file.
#pragma once

#include "config/config.h"
#include "config/key.h"
#include "config/raw_value.h"

namespace deadletter {

// The first thing that is wrong, as one line.
[[nodiscard]] Result<void> ReadSections(const RawTable& file, Config& config);

// One value; notes where it came from.
[[nodiscard]] Result<void> ReadKey(const Key<Config>& key, const RawValue& raw, Config& config);

}  // namespace deadletter
