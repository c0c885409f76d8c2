// How `submit` records its executions beside whoever else writes to the ledger.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "base/clock.h"
#include "ledger/executions.h"

namespace deadletter {

// Executions::Submit, again and again for up to `patience` while the ledger is busy with somebody
// else. Any other error is given back at once: it would be no other a moment later, or what
// happened is not known.
[[nodiscard]] LedgerResult<std::vector<ExecutionId>> SubmitPatiently(
    Executions& ledger, std::span<const NewExecution> executions, const Clock& clock,
    std::chrono::milliseconds patience);

}  // namespace deadletter
