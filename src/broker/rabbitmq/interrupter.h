// Ends, from another thread, whatever waits on a socket.
#pragma once

#include <mutex>

namespace deadletter::rabbitmq {

// Keeps a descriptor of its own for the socket, so that a number that was closed and given out
// again is never hit.
class Interrupter {
 public:
  Interrupter() = default;
  ~Interrupter();
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;

  void Watch(int socket);
  void Forget();
  // Every call on the watched socket fails from here on. Nothing where none is watched.
  void Interrupt();

 private:
  std::mutex mutex_;
  int descriptor_ = -1;
};

}  // namespace deadletter::rabbitmq
