// A door that opens once, and somebody who waits for it with limited patience.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace deadletter {

// Safe from any thread.
class Latch {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

  // True: open. False: `deadline` came first.
  [[nodiscard]] bool WaitUntil(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return opened_.wait_until(lock, deadline, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

}  // namespace deadletter
