// What is done with letters once they are recorded and acknowledged, and can wait.
#pragma once

#include <string_view>

#include "ledger/ledger_error.h"

namespace deadletter {

// Threads: one makes the calls; only Abort() may come from any.
class Chore {
 public:
  virtual ~Chore() = default;

  // A little of it. True: there is more to be done at once.
  [[nodiscard]] virtual LedgerResult<bool> DoSome() = 0;

  // What /readyz calls it.
  [[nodiscard]] virtual std::string_view part() const = 0;
  // Says in the log that it cannot be done.
  virtual void Complain(const LedgerError& error) const = 0;

  // Ends a call in progress, and lets each later one fail.
  virtual void Abort() = 0;
};

}  // namespace deadletter
