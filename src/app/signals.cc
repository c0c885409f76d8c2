#include "app/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <ctime>
#include <thread>

#include "telemetry/log.h"

namespace deadletter {
namespace {

constexpr time_t kLongestStopSeconds = 9;
constexpr long kLongestStopNanoseconds = 500'000'000;

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
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
    const timespec limit{kLongestStopSeconds, kLongestStopNanoseconds};
    const bool again = sigtimedwait(&signals, nullptr, &limit) > 0;
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
