// What `submit` asks for, as executions and the places their messages go to.
#pragma once

#include <vector>

#include "broker/topology.h"
#include "cli/command_line.h"
#include "ledger/executions.h"

namespace deadletter {

// A worker's queue of the topology gets its messages through the dispatch exchange, as the
// platform's do; any other queue straight, through the default exchange.
[[nodiscard]] std::vector<NewExecution> NewExecutions(const TopologyPlan& plan,
                                                      const cli::SubmitCommand& command);

}  // namespace deadletter
