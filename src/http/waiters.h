// Threads for calls that wait until something comes: made when they are needed, and kept.
// Internal to http/.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace deadletter::http {

// Safe from any thread.
class Waiters {
 public:
  Waiters() = default;
  ~Waiters() { Join(); }
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  // Does `work`, which must not throw, on a thread that nothing else waits on; where there are
  // `most` threads already, once one of them is free. False: Join() was called.
  [[nodiscard]] bool Run(std::function<void()> work, std::size_t most);
  // Returns once everything that was given is done.
  void Join();

 private:
  void Serve();

  std::mutex mutex_;  // guards what follows, but for the end of threads_
  std::condition_variable wanted_;
  std::deque<std::function<void()>> work_;  // not begun
  std::size_t free_ = 0;                    // threads that have nothing to do
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace deadletter::http
