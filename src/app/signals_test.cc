#include "app/signals.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace deadletter {
namespace {

constexpr int kStopped = 42;  // StopOnSignal() came back

// A process of its own that was told to end and runs `stop`.
pid_t ProcessThatStops(const std::function<void()>& stop,
                       std::chrono::milliseconds one_and_the_same = std::chrono::hours(1)) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  BlockStopSignals();
  kill(getpid(), SIGTERM);
  StopOnSignal(stop, one_and_the_same);
  _exit(kStopped);
}

int ExitStatus(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Until some thread of this process waits for a signal.
void AwaitWatcher() {
  while (true) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      long call = -1;
      std::ifstream(task.path() / "syscall") >> call;
      if (call == SYS_rt_sigtimedwait) return;
    }
  }
}

TEST(StopOnSignal, ComesBackAfterTheStop) {
  EXPECT_EQ(ExitStatus(ProcessThatStops([] {})), kStopped);
}

// Made before the wait begins: it must not be missed.
TEST(StopOnSignal, TheProgramItselfMayAskForIt) {
  const pid_t pid = fork();
  if (pid == 0) {
    BlockStopSignals();
    StopOurselves();
    StopOnSignal([] {}, std::chrono::hours(1));
    _exit(kStopped);
  }
  EXPECT_EQ(ExitStatus(pid), kStopped);
}

TEST(StopOnSignal, ASecondSignalEndsAtOnce) {
  EXPECT_EQ(ExitStatus(ProcessThatStops([] {
              kill(getpid(), SIGINT);
              while (true) pause();
            })),
            1);
}

TEST(StopOnSignal, TheSameSignalInOneBreathIsOneAndLaterASecondOne) {
  const auto stop = [] {
    AwaitWatcher();
    kill(getpid(), SIGTERM);
    while (StopSignalPending()) continue;  // until the watcher has taken it
    AwaitWatcher();                        // which ended the process, or waits again
  };
  EXPECT_EQ(ExitStatus(ProcessThatStops(stop)), kStopped);
  EXPECT_EQ(ExitStatus(ProcessThatStops(
                [] {
                  kill(getpid(), SIGTERM);
                  while (true) pause();
                },
                std::chrono::milliseconds(0))),
            1);
}

TEST(StopOnSignal, BeingStoppedAndContinuedIsNoSignalAndNoTimeout) {
  const pid_t pid = ProcessThatStops([] {
    AwaitWatcher();
    kill(getpid(), SIGSTOP);
    // Continued: whoever takes that for the end of the time ends the process here.
    for (int look = 0; look < 100; ++look) AwaitWatcher();
  });
  int status = 0;
  waitpid(pid, &status, WUNTRACED);
  ASSERT_TRUE(WIFSTOPPED(status));
  kill(pid, SIGCONT);
  EXPECT_EQ(ExitStatus(pid), kStopped);
}

}  // namespace
}  // namespace deadletter
