// Wakes a thread that waits on a socket.
#pragma once

#include <chrono>

namespace deadletter::rabbitmq {

enum class Woken { kByTime, kBySocket, kBySignal };
enum class Watch { kReadable, kHangUp };

// Raise() from any thread; the rest from one.
class WakeSignal {
 public:
  WakeSignal();  // throws where the system has no more descriptors
  ~WakeSignal();
  WakeSignal(const WakeSignal&) = delete;
  WakeSignal& operator=(const WakeSignal&) = delete;

  void Raise();
  [[nodiscard]] bool IsRaised() const;

  // Until the signal is raised (which lowers it again), `socket` is as watched for, or the wait is
  // over. A broken socket is always watched for; a negative one never.
  Woken WaitFor(int socket, Watch watch, std::chrono::milliseconds wait);

 private:
  int descriptor_;
};

}  // namespace deadletter::rabbitmq
