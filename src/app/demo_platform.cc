#include "app/demo_platform.h"

#include <boost/json.hpp>

namespace deadletter {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kWait(200);
constexpr milliseconds kLease(30'000);
constexpr milliseconds kWorkTakes(120);

// The id in an event.
std::optional<ExecutionId> ExecutionOf(const std::string& body, ExecutionIdType id_type) {
  boost::json::error_code error;
  const boost::json::value envelope = boost::json::parse(body, error);
  if (error) return std::nullopt;
  const boost::json::value* id = envelope.find_pointer("/payload/execution_id", error);
  if (id == nullptr) return std::nullopt;
  const std::string text =
      id->is_string() ? std::string(id->get_string()) : boost::json::serialize(*id);
  return ParseExecutionId(id_type, text);
}

}  // namespace

DemoWorkerThread::DemoWorkerThread(DemoWorker worker, std::unique_ptr<WorkQueue> queue,
                                   std::unique_ptr<Executions> executions,
                                   const LetterFormat& format)
    : worker_(std::move(worker)),
      queue_(std::move(queue)),
      executions_(std::move(executions)),
      reader_(format),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void DemoWorkerThread::Run(const std::stop_token& stop) {
  int taken = 0;
  while (!stop.stop_requested() && taken != worker_.takes) {
    const auto leases = queue_->Take(worker_.queue, 1, kLease, kWait);
    if (!leases) {
      pause_.WaitFor(stop, kWait);  // the broker is away; the next Take connects again
      continue;
    }
    for (const Lease& lease : *leases) Work(lease, ++taken, stop);
  }
}

// What cannot be answered (the broker or the ledger is away) is delivered again by the broker.
void DemoWorkerThread::Work(const Lease& lease, int number, const std::stop_token& stop) {
  const Letter read = reader_.Read(LetterId(), lease.delivery);
  const auto& id = read.execution_id;
  const bool rejected = worker_.rejects_every > 0 && number % worker_.rejects_every == 0;
  if (!id || rejected) {
    if (!queue_->Reject(lease.id, false)) return;
    return;
  }
  pause_.WaitFor(stop, kWorkTakes);
  const auto finished =
      executions_->FinishIfFailable(*id, {.window = read.attempt, .replay_id = read.replay_id},
                                    "completed", R"({"output":"done"})");
  if (!finished) return;
  if (!queue_->Acknowledge(lease.id)) return;
}

DemoListener::DemoListener(std::string queue, std::unique_ptr<WorkQueue> work_queue,
                           ExecutionIdType id_type)
    : queue_(std::move(queue)),
      work_queue_(std::move(work_queue)),
      id_type_(id_type),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void DemoListener::Run(const std::stop_token& stop) {
  Signal pause;
  while (!stop.stop_requested()) {
    const auto leases = work_queue_->Take(queue_, 100, kLease, kWait);
    if (!leases) {
      pause.WaitFor(stop, kWait);
      continue;
    }
    for (const Lease& lease : *leases) {
      if (!work_queue_->Acknowledge(lease.id)) continue;
      const auto id = ExecutionOf(lease.delivery.message.body, id_type_);
      if (!id) continue;
      const std::lock_guard lock(mutex_);
      heard_.insert(id->ToString());
    }
  }
}

bool DemoListener::HasHeardOf(const ExecutionId& id) const {
  const std::lock_guard lock(mutex_);
  return heard_.contains(id.ToString());
}

}  // namespace deadletter
