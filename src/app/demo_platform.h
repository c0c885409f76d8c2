// A small platform for the demo: workers who finish, reject and vanish, and somebody who listens to
// events.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/signal.h"
#include "broker/work_queue.h"
#include "ledger/executions.h"
#include "letter/letter_reader.h"

namespace deadletter {

// What a worker does with the messages of its queue, in turn.
struct DemoWorker {
  std::string id;
  std::string queue;
  int takes = 0;  // then it is gone, and what is left in its queue dies; negative: it never goes
  int rejects_every = 0;  // the nth it takes is rejected; 0: none
};

// Its thread ends with it. `queue` and `executions` are its own.
class DemoWorkerThread {
 public:
  DemoWorkerThread(DemoWorker worker, std::unique_ptr<WorkQueue> queue,
                   std::unique_ptr<Executions> executions, const LetterFormat& format);

 private:
  void Run(const std::stop_token& stop);
  void Work(const Lease& lease, int number, const std::stop_token& stop);

  const DemoWorker worker_;
  const std::unique_ptr<WorkQueue> queue_;
  const std::unique_ptr<Executions> executions_;
  const LetterReader reader_;
  Signal pause_;  // never notified: the time that work takes, ended early by a stop
  std::jthread thread_;
};

// Hears the events that arrive in `queue`.
class DemoListener {
 public:
  DemoListener(std::string queue, std::unique_ptr<WorkQueue> work_queue, ExecutionIdType id_type);
  // Whether there was an event about that execution. Any thread.
  [[nodiscard]] bool HasHeardOf(const ExecutionId& id) const;

 private:
  void Run(const std::stop_token& stop);

  const std::string queue_;
  const std::unique_ptr<WorkQueue> work_queue_;
  const ExecutionIdType id_type_;
  mutable std::mutex mutex_;
  std::set<std::string> heard_;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace deadletter
