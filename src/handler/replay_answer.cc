#include "handler/replay_answer.h"

#include <utility>

namespace deadletter {

ReplayResult MarkOf(const ComposedReplay& composed, ReplayMark mark, std::string detail,
                    Instant now) {
  ReplayResult result;
  result.letter = composed.letter.id;
  result.mark = mark;
  result.detail = std::move(detail);
  result.retry_at = now;
  result.claimed_at = composed.claimed_at;
  return result;
}

ReplayResult MarkFor(const ComposedReplay& composed, const PublishResult& answer,
                     const ReplayComposer& composer, Instant now) {
  switch (answer.outcome) {
    case PublishOutcome::kConfirmed:
      return MarkOf(composed, ReplayMark::kSent, "", now);
    case PublishOutcome::kNacked:
      // Of several queues that it is for, one may have it.
      if (!answer.never_sent) return MarkOf(composed, ReplayMark::kInDoubt, answer.detail, now);
      break;
    case PublishOutcome::kUnroutable:
    case PublishOutcome::kNoTarget:
      break;
    case PublishOutcome::kInDoubt:
      return MarkOf(composed, ReplayMark::kInDoubt, answer.detail, now);
    case PublishOutcome::kUnavailable:
      return MarkOf(composed, ReplayMark::kUnsent, answer.detail, now);
  }
  // Nobody has it: its execution must not wait for it.
  return composer.Unroutable(composed, answer.detail);
}

}  // namespace deadletter
