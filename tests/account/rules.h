// The rules under which campaigns run, and the queues of the workers that they send letters back
// to. The account knows both: what must become of a letter that a rule decides follows from them.
#pragma once

namespace deadletter::test {

inline constexpr int kMostRetries = 2;  // then the letter fails its execution

inline constexpr const char* kParkedAction = "core.park";
inline constexpr const char* kDiscardedAction = "core.discard";
// No rule's: its letters fail their executions, and an operator replays them.
inline constexpr const char* kReplayedAction = "core.replay";
inline constexpr const char* kRetriedAction = "core.retry";

inline constexpr const char* kRules = R"(
[[policy]]
name = "parked"
match = { action = "core.park" }
verdict = "park"
[[policy]]
name = "discarded"
match = { action = "core.discard" }
verdict = "discard"
[[policy]]
name = "tried again"
match = { action = "core.retry" }
verdict = "retry"
retry = { delay = "100ms", max_attempts = 2, jitter = 0.5 }
)";

// A worker that comes late: what is sent to it stays there.
inline constexpr const char* kKeepingQueue = "worker.9.executions";
inline constexpr const char* kKeepingKey = "execution.dispatch.worker.9";
// A worker that is seen to have its messages, and completes what they are about; it never
// acknowledges, so that they can be counted. (An acknowledgement that its broker forgets in a crash
// would bring a message back, and look like a second one.)
inline constexpr const char* kTakenQueue = "worker.6.executions";
inline constexpr const char* kTakenKey = "execution.dispatch.worker.6";
// A worker that never comes: what is sent to it dies again, and soon.
inline constexpr const char* kDyingQueue = "worker.8.executions";
inline constexpr const char* kDyingKey = "execution.dispatch.worker.8";

}  // namespace deadletter::test
