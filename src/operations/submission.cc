#include "operations/submission.h"

#include <algorithm>

#include "operations/query.h"

namespace deadletter {
namespace {

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

bool IsDeadLetterQueue(const TopologyPlan& plan, const std::string& queue) {
  return queue == plan.dlq || queue == plan.unrouted_queue ||
         std::ranges::find(plan.dead_letter_queues, queue) != plan.dead_letter_queues.end();
}

std::string NoSubmissionTo(const std::string& dead_letter_queue) {
  return Quoted(dead_letter_queue) +
         " is a dead letter queue: what is sent there is taken for a letter and fails its "
         "execution; name a worker's queue";
}

std::vector<NewExecution> NewExecutions(const TopologyPlan& plan, const Submission& submission) {
  const auto worker = WorkerOf(plan, submission.queue);
  NewExecution execution;
  execution.action_ref = submission.action;
  execution.payload_json = submission.payload_json;
  execution.ttl = submission.ttl;
  execution.worker_id = submission.worker_id ? submission.worker_id : worker;
  execution.address = worker ? Address{plan.dispatch_exchange, TopologyPlan::DispatchKey(*worker)}
                             : Address{"", submission.queue};
  return std::vector<NewExecution>(submission.count, execution);
}

}  // namespace deadletter
