// A TOML file as raw values, each with its line. The only place that knows the TOML library.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "config/raw_value.h"

namespace deadletter {

// The error names the file and, where the file is not TOML, the line.
[[nodiscard]] Result<RawTable> ReadTomlFile(const std::filesystem::path& path);
// The same for a text; `name` stands for the file.
[[nodiscard]] Result<RawTable> ReadToml(const std::string& text, const std::string& name);

// The whole of a file of at most `max_bytes`.
[[nodiscard]] Result<std::string> ReadWholeFile(const std::filesystem::path& path,
                                                size_t max_bytes);

}  // namespace deadletter
