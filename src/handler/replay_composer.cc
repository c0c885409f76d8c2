#include "handler/replay_composer.h"

#include <utility>

#include "letter/attempt_stamp.h"
#include "letter/retry_message.h"

namespace deadletter {

ComposedReplay ReplayComposer::operator()(const DrivenReplay& replay,
                                          ReplayCandidate candidate) const {
  ComposedReplay composed;
  if (!candidate.unreadable.empty()) {
    composed.letter.id = candidate.id;
    composed.problem = std::move(candidate.unreadable);
    return composed;
  }
  composed.letter = reader_.Read(candidate.id, std::move(candidate.delivery));
  composed.address = replay.spec.redirect.value_or(OriginOf(composed.letter));
  composed.message = MakeReplayMessage(composed.letter, replay.id, 0);
  composed.message.body = std::move(composed.letter.delivery.message.body);
  composed.has_stamp = composed.letter.attempt.has_value();
  return composed;
}

bool ReplayComposer::Stamp(ComposedReplay& composed, Instant stamp) const {
  if (!composed.has_stamp) return true;
  auto renewed = RenewAttemptStamp(composed.message, format_.attempt, stamp);
  if (!renewed) composed.problem = renewed.error().message;
  return renewed.has_value();
}

ReplayResult ReplayComposer::Unroutable(const ComposedReplay& composed, std::string detail) const {
  Judgement failing = judge_.Failing(composed.letter);
  return {.letter = composed.letter.id,
          .mark = ReplayMark::kUnroutable,
          .detail = std::move(detail),
          .retry_at = {},
          .execution = composed.letter.execution_id,
          .failure = std::move(failing.failure),
          .event = std::move(failing.event),
          .publish_event = failing.publish_event};
}

}  // namespace deadletter
