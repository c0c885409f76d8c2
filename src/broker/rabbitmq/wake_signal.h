// Wakes a thread that waits on a socket.
#pragma once

#include <chrono>

namespace deadletter::rabbitmq {

// Raise() from any thread; the rest from one.
class WakeSignal {
 public:
  WakeSignal();  // throws where the system has no more descriptors
  ~WakeSignal();
  WakeSignal(const WakeSignal&) = delete;
  WakeSignal& operator=(const WakeSignal&) = delete;

  void Raise();
  [[nodiscard]] bool IsRaised() const;

  // Until `socket` can be read (or is broken), the signal is raised, or the wait is over. True, and
  // lowered again, if and only if the signal was raised. A negative socket: only the signal.
  [[nodiscard]] bool WaitFor(int socket, std::chrono::milliseconds wait);

 private:
  int descriptor_;
};

}  // namespace deadletter::rabbitmq
