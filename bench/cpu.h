// What a process has used, as the kernel counts it.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace deadletter::bench {

// CPU time of the process, its children (also those that ended and were collected) in microseconds.
[[nodiscard]] std::int64_t CpuMicrosecondsWithChildren(pid_t pid);
// Of the process alone.
[[nodiscard]] std::int64_t CpuMicroseconds(pid_t pid);
// The most memory that it has had resident at once.
[[nodiscard]] std::int64_t PeakResidentKib(pid_t pid);

}  // namespace deadletter::bench
