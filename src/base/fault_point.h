// Named places where a test may make the process die, hang or fail. In the released binary the
// library behind `Hit` is empty and `kArmed` is false: one branch remains, and no environment
// variable is read.
#pragma once

#include <string_view>

namespace deadletter::fault {

// Decided at link time: faults/on.cc or faults/off.cc.
extern const bool kArmed;
void HitArmed(std::string_view name);

// Marks the place. `DEADLETTER_FAULT` = "NAME=ACTION[@N][,…]": at the Nth visit (1 by default) do
// ACTION: `kill` (SIGKILL to this very process) or `stop` (SIGSTOP, until a test continues it).
inline void Hit(std::string_view name) {
  if (kArmed) [[unlikely]] {
    HitArmed(name);
  }
}

}  // namespace deadletter::fault
