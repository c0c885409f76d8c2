// Trying again what the ledger was too busy for.
#pragma once

#include <chrono>

#include "ledger/ledger_error.h"

namespace deadletter {

// A person waits this long rather than being told to try again.
inline constexpr std::chrono::seconds kBusyPatience{2};

// `change` again and again while it is refused because somebody else is writing: nothing has
// happened then, and the ledger itself has waited for its lock. Any other answer is given back.
template <class Change>
[[nodiscard]] auto Patiently(Change change) {
  const auto deadline = std::chrono::steady_clock::now() + kBusyPatience;
  while (true) {
    auto result = change();
    const bool busy = !result && (result.error().fault == LedgerFault::kBusy ||
                                  result.error().fault == LedgerFault::kRowLocked);
    if (!busy || std::chrono::steady_clock::now() >= deadline) return result;
  }
}

}  // namespace deadletter
