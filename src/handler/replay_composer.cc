#include "handler/replay_composer.h"

#include <utility>

#include "letter/attempt_stamp.h"
#include "letter/edited_message.h"
#include "letter/retry_message.h"

namespace deadletter {
namespace {

// Where its first death was is where its origin leads.
std::string QueueOf(const std::optional<Address>& redirect, const Letter& letter) {
  if (redirect) return redirect->exchange.empty() ? redirect->routing_key : "";
  const Death* const first = FirstDeath(letter.history);
  return first == nullptr ? letter.queue : first->queue;
}

}  // namespace

ComposedReplay ReplayComposer::operator()(const DrivenReplay& replay, const ReplayEdit& edit,
                                          ReplayCandidate candidate) const {
  ComposedReplay composed;
  composed.is_unsent = candidate.is_unsent;
  if (!candidate.unreadable.empty()) {
    composed.letter.id = candidate.id;
    composed.problem = std::move(candidate.unreadable);
    return composed;
  }
  composed.letter = reader_.Read(candidate.id, std::move(candidate.delivery));
  composed.address = replay.spec.redirect.value_or(OriginOf(composed.letter));
  composed.queue = QueueOf(replay.spec.redirect, composed.letter);
  composed.message = MakeReplayMessage(composed.letter, replay.id, 0);
  composed.message.body = std::move(composed.letter.delivery.message.body);
  composed.has_stamp = composed.letter.attempt.has_value();
  if (!edit.IsNone()) Edit(edit, composed);
  if (!replay.spec.redirect && !IsOriginKnown(composed.letter.history))
    composed.problem = kOriginUnknown;
  return composed;
}

void ReplayComposer::Edit(const ReplayEdit& edit, ComposedReplay& composed) const {
  auto edited = EditMessage(edit, composed.letter, std::move(composed.message), reader_,
                            format_.max_body_bytes, guard_);
  if (!edited) {
    composed.message = {};
    composed.problem = std::move(edited.error().message);
    return;
  }
  composed.message = std::move(edited->message);
  composed.has_stamp = edited->has_stamp;
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
          .claimed_at = composed.claimed_at,
          .execution = composed.letter.execution_id,
          .failure = std::move(failing.failure),
          .event = std::move(failing.event),
          .publish_event = failing.publish_event};
}

}  // namespace deadletter
