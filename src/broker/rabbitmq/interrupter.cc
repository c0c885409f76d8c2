#include "broker/rabbitmq/interrupter.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace deadletter::rabbitmq {

Interrupter::~Interrupter() {
  Forget();
}

void Interrupter::Watch(int socket) {
  Forget();
  const std::lock_guard lock(mutex_);
  descriptor_ = fcntl(socket, F_DUPFD_CLOEXEC, 0);
}

void Interrupter::Forget() {
  const std::lock_guard lock(mutex_);
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

void Interrupter::Interrupt() {
  const std::lock_guard lock(mutex_);
  if (descriptor_ >= 0) shutdown(descriptor_, SHUT_RDWR);
}

}  // namespace deadletter::rabbitmq
