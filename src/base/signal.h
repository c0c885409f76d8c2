// "There is something to do", from one thread to another: a wait without polling.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace deadletter {

// Safe from any thread. Notifications do not add up: one wait takes all that came before it.
class Signal {
 public:
  void Notify() {
    const std::lock_guard lock(mutex_);
    notified_ = true;
    changed_.notify_one();
  }

  // Until notified, stopped, or `limit` has passed. True: notified.
  bool WaitFor(std::stop_token stop, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::move(stop), limit, [this] { return notified_; });
    return std::exchange(notified_, false);
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool notified_ = false;
};

}  // namespace deadletter
