#include "app/submission.h"

#include "base/signal.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kBetweenTries(50);

// "7" for "worker.7.executions"; nothing for a queue that is no worker's.
std::optional<std::string> WorkerOf(const TopologyPlan& plan, const std::string& queue) {
  const std::size_t place = plan.worker_queue.find("{id}");
  if (place == std::string::npos) return std::nullopt;
  const std::string before = plan.worker_queue.substr(0, place);
  const std::string after = plan.worker_queue.substr(place + 4);
  if (queue.size() <= before.size() + after.size() || !queue.starts_with(before) ||
      !queue.ends_with(after)) {
    return std::nullopt;
  }
  return queue.substr(before.size(), queue.size() - before.size() - after.size());
}

}  // namespace

std::vector<NewExecution> NewExecutions(const TopologyPlan& plan,
                                        const cli::SubmitCommand& command) {
  const auto worker = WorkerOf(plan, command.queue);
  NewExecution execution;
  execution.action_ref = command.action;
  execution.payload_json = command.payload_json;
  execution.ttl = command.ttl;
  execution.worker_id = command.worker_id ? command.worker_id : worker;
  execution.address = worker ? Address{plan.dispatch_exchange, TopologyPlan::DispatchKey(*worker)}
                             : Address{"", command.queue};
  return std::vector<NewExecution>(command.count, execution);
}

LedgerResult<std::vector<ExecutionId>> SubmitPatiently(Executions& ledger,
                                                       std::span<const NewExecution> executions,
                                                       const Clock& clock, milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  Signal pause;
  while (true) {
    auto ids = ledger.Submit(executions, clock.Now(), std::nullopt);
    const bool busy = !ids && (ids.error().fault == LedgerFault::kBusy ||
                               ids.error().fault == LedgerFault::kRowLocked);
    if (!busy || steady_clock::now() >= deadline) return ids;
    pause.WaitFor({}, kBetweenTries);
  }
}

}  // namespace deadletter
