// What a replay is: letters that a person chose, sent back to where they were first addressed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/catalog.h"
#include "letter/letter.h"
#include "letter/message.h"

namespace deadletter {

enum class ReplayState {
  kRunning,
  kPaused,     // by a person
  kStopped,    // by itself: too many died again
  kCancelled,  // by a person, for good
  kDone,       // every letter has ended
};
[[nodiscard]] std::string_view ReplayStateName(ReplayState state);  // "running", …
[[nodiscard]] std::optional<ReplayState> ReplayStateFromName(std::string_view name);

// How a letter of a replay ended, as its execution's row tells.
enum class ReplayEnd {
  kSucceeded,  // the row ended in the first of `executions.final`
  kFailedAgain,
  kNoAnswer,    // nothing tells: no row, a row that was ended otherwise, or none in time
  kUnroutable,  // no queue took its message; its execution is as it was
  kInDoubt,     // perhaps sent, perhaps not; it may still become one of the first two
  kTaken,       // another replay has it
  kWithdrawn,   // not sent; the detail says why
};
inline constexpr ReplayEnd kReplayEnds[] = {
    ReplayEnd::kSucceeded, ReplayEnd::kFailedAgain, ReplayEnd::kNoAnswer, ReplayEnd::kUnroutable,
    ReplayEnd::kInDoubt,   ReplayEnd::kTaken,       ReplayEnd::kWithdrawn};
[[nodiscard]] std::string_view ReplayEndName(ReplayEnd end);  // "succeeded", …: metric label
[[nodiscard]] std::optional<ReplayEnd> ReplayEndFromName(std::string_view name);

// Where a letter of a replay stands until it has ended.
enum class ReplayStep {
  kPending,  // not begun
  kClaimed,  // its execution waits for the message, which is about to be sent
  kUnsent,   // its execution waits for the message, which certainly is not sent yet
  kSent,     // its answer is waited for
  kEnded,
};
[[nodiscard]] std::string_view ReplayStepName(ReplayStep step);
[[nodiscard]] std::optional<ReplayStep> ReplayStepFromName(std::string_view name);

// How it is to be done; never changes once it is made.
struct ReplaySpec {
  std::string selection_json = "{}";  // what was asked for, to be shown
  std::string edit_json;              // ReplayEdit's (letter/replay_edit.h); empty: none
  std::optional<Address> redirect;    // absent: each where it was first addressed
  std::int64_t milli_rate = 0;        // messages in a thousand seconds; 0: as fast as it goes
  bool ramp = false;                  // 1, 10, 100, …: each step once the one before is answered
  std::int64_t stop_percent = 0;      // of the answered ones that failed again; 0: never stops
  // Messages that may wait in the queue that its own go to; 0: any number.
  std::int64_t queue_limit = 0;
  std::chrono::microseconds answer_within = std::chrono::hours(1);  // then it is kNoAnswer
  std::string made_by;
};

struct ReplayCounts {
  std::int64_t letters = 0;
  std::int64_t pending = 0;
  std::int64_t out = 0;                    // ever claimed
  std::int64_t awaiting = 0;               // claimed, unsent or sent, and not ended
  std::map<ReplayEnd, std::int64_t> ends;  // kInDoubt: those whose answer is waited for included

  [[nodiscard]] std::int64_t Of(ReplayEnd end) const {
    const auto found = ends.find(end);
    return found == ends.end() ? 0 : found->second;
  }
};

struct ReplayAnswers {
  std::int64_t failed_again = 0;
  std::int64_t succeeded = 0;
};

struct ReplayRecord {
  ReplayId id;
  ReplayState state = ReplayState::kRunning;
  std::string reason;  // why it stopped
  ReplaySpec spec;
  ReplayAnswers answered_before;  // when somebody resumed it last
  Instant created_at;
  std::optional<Instant> ended_at;  // nothing of it is on its way any more
  ReplayCounts counts;
};

}  // namespace deadletter
