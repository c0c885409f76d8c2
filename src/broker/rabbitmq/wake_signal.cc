#include "broker/rabbitmq/wake_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace deadletter::rabbitmq {

WakeSignal::WakeSignal() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

WakeSignal::~WakeSignal() {
  close(descriptor_);
}

void WakeSignal::Raise() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the signal stands anyway.
  [[maybe_unused]] const auto written = write(descriptor_, &one, sizeof one);
}

bool WakeSignal::IsRaised() const {
  pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, 0) > 0;
}

Woken WakeSignal::WaitFor(int socket, Watch watch, std::chrono::milliseconds wait) {
  const short events = watch == Watch::kReadable ? POLLIN : POLLRDHUP;
  std::array<pollfd, 2> waiting{pollfd{.fd = descriptor_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = socket, .events = events, .revents = 0}};
  if (poll(waiting.data(), waiting.size(), static_cast<int>(wait.count())) <= 0)
    return Woken::kByTime;
  if (waiting[0].revents == 0) return Woken::kBySocket;
  std::uint64_t count = 0;
  [[maybe_unused]] const auto lowered = read(descriptor_, &count, sizeof count);
  return Woken::kBySignal;
}

}  // namespace deadletter::rabbitmq
