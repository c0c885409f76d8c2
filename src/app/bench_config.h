// The configuration that a measurement runs on: the given servers or folder, and nothing else of
// the user's.
#pragma once

#include <string>

#include "broker/scratch_broker.h"
#include "config/config.h"

namespace deadletter {

// What a bench makes, told apart from any other's by random digits.
struct BenchNames {
  std::string schema;  // in PostgreSQL
  std::string folder;  // of the embedded files; its name, not its path
  ScratchPlan queues;
};

[[nodiscard]] BenchNames NewBenchNames();
inline constexpr const char* kBenchFolderPrefix = "deadletter-bench-";

// `folder` is the path of the embedded files. Executions are in a plain table of the bench's own
// and letters are the platform's by default, whatever the user's look like; rules do not apply,
// since every letter is to fail its execution. How much is taken at once, what is redacted and how
// the servers are reached stays as it was given.
[[nodiscard]] Config BenchConfig(Config given, const BenchNames& names, const std::string& folder);

}  // namespace deadletter
