// SIGTERM and SIGINT: the first asks for an orderly end, the second ends at once.
#pragma once

#include <signal.h>

#include <chrono>
#include <functional>

namespace deadletter {

// Blocks both in this thread and every thread made after it. To be called by a command that ends in
// StopOnSignal(), before its first thread; the others end as any program does.
void BlockStopSignals();

// Waits for the first one. While `stop` then runs, a second one ends the process at once; so does a
// stop that takes longer than 9.5 s, because who asked will not wait for ever, and what is not
// acknowledged is the broker's (P1); its exit status is then `when_late`. The same signal within
// `one_and_the_same` is no second one: who ends a process and its group, as timeout(1) does, sends
// it twice in one breath.
void StopOnSignal(const std::function<void()>& stop,
                  std::chrono::milliseconds one_and_the_same = std::chrono::milliseconds(100),
                  int when_late = 0);

// What StopOnSignal() waits for, from the program itself; no less orderly, and a signal after it is
// a second one. Any thread.
void StopOurselves();

// Whether one has come; for those who work until then. Does not take it away.
[[nodiscard]] bool StopSignalPending();

}  // namespace deadletter
