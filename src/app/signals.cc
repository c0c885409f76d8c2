#include "app/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <thread>

#include "telemetry/log.h"

namespace deadletter {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLongestStop(9'500);

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// True: a signal came. Being stopped and continued interrupts the wait and is neither.
bool WaitForSignal(const sigset_t& signals, steady_clock::time_point deadline) {
  while (true) {
    const auto left = std::max(steady_clock::duration::zero(), deadline - steady_clock::now());
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec limit{whole.count(), std::chrono::nanoseconds(left - whole).count()};
    if (sigtimedwait(&signals, nullptr, &limit) > 0) return true;
    if (errno != EINTR) return false;
  }
}

}  // namespace

void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void StopOnSignal(const std::function<void()>& stop) {
  const sigset_t signals = StopSignals();
  int signal = 0;
  sigwait(&signals, &signal);
  LogInfo("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  std::thread([signals] {
    const bool again = WaitForSignal(signals, steady_clock::now() + kLongestStop);
    LogWarning(again ? "stopped_at_once" : "stop_took_too_long");
    _exit(again ? 1 : 0);
  }).detach();
  stop();
  LogInfo("stopped");
}

bool StopSignalPending() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

}  // namespace deadletter
