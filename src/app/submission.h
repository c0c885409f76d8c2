// What `submit` asks for, as executions and the places their messages go to.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "base/clock.h"
#include "broker/topology.h"
#include "cli/command_line.h"
#include "ledger/executions.h"

namespace deadletter {

// A worker's queue of the topology gets its messages through the dispatch exchange, as the
// platform's do; any other queue straight, through the default exchange.
[[nodiscard]] std::vector<NewExecution> NewExecutions(const TopologyPlan& plan,
                                                      const cli::SubmitCommand& command);

// Executions::Submit, again and again for up to `patience` while the ledger is busy with somebody
// else. Any other error is given back at once: it would be no other a moment later, or what
// happened is not known.
[[nodiscard]] LedgerResult<std::vector<ExecutionId>> SubmitPatiently(
    Executions& ledger, std::span<const NewExecution> executions, const Clock& clock,
    std::chrono::milliseconds patience);

}  // namespace deadletter
