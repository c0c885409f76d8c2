// A thread with a stack of its own size, on which every call of the client library runs.
#pragma once

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <type_traits>

namespace deadletter::rabbitmq {

// rabbitmq-c decodes and encodes nested headers recursively: 112 bytes of stack a level (measured
// with Debian's 0.11), and a level takes 5 bytes of a frame. Hostile headers must not overflow that
// stack; only what is touched is ever taken from the system.
inline constexpr std::size_t kIoStackBytes = std::size_t{32} << 20;
// For who reads frames of kFrameBytesRead: 1.7 million levels, which makes 180 MiB.
inline constexpr std::size_t kReceivingStackBytes = std::size_t{256} << 20;

// Runs one function at a time, for one caller at a time.
class IoThread {
 public:
  explicit IoThread(std::size_t stack_bytes = kIoStackBytes);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Runs `function` there and comes back when it is through, with what it returned or threw.
  template <class Function>
  auto Run(Function&& function) {
    return RunWithin(std::chrono::hours(24 * 365), [] {}, std::forward<Function>(function));
  }

  // The same; when `limit` is over, `interrupt` is called once on the caller's thread: it has to
  // make `function` end.
  template <class Function>
  auto RunWithin(std::chrono::milliseconds limit, const std::function<void()>& interrupt,
                 Function&& function) {
    using Value = std::invoke_result_t<Function>;
    if constexpr (std::is_void_v<Value>) {
      RunTask(limit, interrupt, function);
    } else {
      std::optional<Value> value;
      RunTask(limit, interrupt, [&] { value.emplace(function()); });
      return std::move(*value);
    }
  }

 private:
  static void* Main(void* self);
  void Loop();
  void RunTask(std::chrono::milliseconds limit, const std::function<void()>& interrupt,
               const std::function<void()>& task);

  pthread_t thread_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void()>* task_ = nullptr;
  std::exception_ptr thrown_;
  bool done_ = false;
  bool stopping_ = false;
};

}  // namespace deadletter::rabbitmq
