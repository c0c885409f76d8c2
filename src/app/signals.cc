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
constexpr int kNone = 0;

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// The signal that came, or kNone. Being stopped and continued interrupts the wait and is neither.
int WaitForSignal(const sigset_t& signals, steady_clock::time_point deadline) {
  while (true) {
    const auto left = std::max(steady_clock::duration::zero(), deadline - steady_clock::now());
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec limit{whole.count(), std::chrono::nanoseconds(left - whole).count()};
    if (const int signal = sigtimedwait(&signals, nullptr, &limit); signal > 0) return signal;
    if (errno != EINTR) return kNone;
  }
}

// From StopOurselves(), and not from kill().
bool IsOurs(const siginfo_t& info) {
  return info.si_code == SI_QUEUE && info.si_pid == getpid();
}

}  // namespace

void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void StopOnSignal(const std::function<void()>& stop, std::chrono::milliseconds one_and_the_same,
                  int when_late) {
  const sigset_t signals = StopSignals();
  siginfo_t info{};
  int signal = kNone;
  while (signal <= kNone) signal = sigwaitinfo(&signals, &info);
  if (IsOurs(info)) {
    LogInfo("stopping");
  } else {
    LogInfo("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  }
  std::thread([signals, signal, one_and_the_same, when_late, first = steady_clock::now()] {
    int second = kNone;
    do {
      second = WaitForSignal(signals, first + kLongestStop);
    } while (second == signal && steady_clock::now() - first < one_and_the_same);
    LogWarning(second == kNone ? "stop_took_too_long" : "stopped_at_once");
    _exit(second == kNone ? when_late : 1);
  }).detach();
  stop();
  LogInfo("stopped");
}

void StopOurselves() {
  sigqueue(getpid(), SIGTERM, {});
}

bool StopSignalPending() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

}  // namespace deadletter
