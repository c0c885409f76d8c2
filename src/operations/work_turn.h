// What the parts of Work share. Internal to work*.cc.
#pragma once

#include <string>
#include <string_view>

#include "operations/operation_error.h"
#include "operations/query.h"
#include "operations/work.h"

namespace deadletter {

// One call's turn to ask the ledger, while it lives; none where nothing may be asked any more.
class Work::Turn {
 public:
  explicit Turn(Work& work) : work_(work) {
    std::unique_lock lock(work_.mutex_);
    work_.changed_.wait(lock, [this] { return work_.closed_ || !work_.asking_; });
    is_ours_ = !work_.closed_;
    if (is_ours_) work_.asking_ = true;
  }
  ~Turn() {
    if (!is_ours_) return;
    {
      const std::scoped_lock lock(work_.mutex_);
      work_.asking_ = false;
    }
    work_.changed_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  [[nodiscard]] bool IsClosed() const { return !is_ours_; }

 private:
  Work& work_;
  bool is_ours_ = false;
};

[[nodiscard]] inline Unexpected<OperationError> FromQueues(const BrokerError& error,
                                                           const std::string& queue) {
  if (error.fault == BrokerFault::kQueueMissing)
    return FailOperation(OperationFault::kNotFound, "there is no queue " + Quoted(queue));
  return FailOperation(OperationFault::kUnavailable,
                       "the queues cannot be used now: " + error.message);
}

[[nodiscard]] inline Unexpected<OperationError> Observing(std::string_view what) {
  return FailOperation(OperationFault::kConflict,
                       "executions.mode is \"observe\": " + std::string(what));
}

}  // namespace deadletter
