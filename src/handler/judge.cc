#include "handler/judge.h"

#include <algorithm>
#include <random>

#include "letter/retry_message.h"

namespace deadletter {
namespace {

constexpr std::size_t kLongestName = 255;  // AMQP's; the history may be forged

double Chance() {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::uniform_real_distribution<double>(0.0, 1.0)(random);
}

// Straight into the queue where it died, through the default exchange; or where it was first
// addressed to.
Address RetryAddress(const Letter& letter, RetryTarget target) {
  const bool is_name = !letter.queue.empty() && letter.queue.size() <= kLongestName;
  if (target == RetryTarget::kQueue && is_name) return {"", letter.queue};
  return OriginOf(letter);
}

}  // namespace

Judge::Judge(JudgeOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Judgement Judge::operator()(Letter letter, int tries) const {
  const Instant now = clock_.Now();
  Judgement judgement;
  judgement.letter = std::move(letter);
  judgement.publish_event = options_.publish_events;
  judgement.tries = tries;
  judgement.try_again_at = TryAgainAt(Outcome::kDeferred, tries, now);
  switch (judgement.letter.kind) {
    case LetterKind::kMalformed:
      judgement.fixed = {Outcome::kMalformed,
                         std::string(MalformationName(judgement.letter.malformation.value()))};
      break;
    case LetterKind::kUnexpectedType:
      judgement.fixed = {Outcome::kUnexpectedType, ""};
      break;
    case LetterKind::kExecutionRequest:
      Apply(Decide(judgement.letter, options_.rules, now, Chance()), judgement, now);
      break;
  }
  return judgement;
}

void Judge::DescribeFailing(const Letter& letter, Judgement& judgement, Instant now) const {
  judgement.failure = DescribeFailure(letter);
  judgement.event =
      ComposeEvent(letter, judgement.failure, options_.failed_status, TimeOrderedUuid(now), now);
  judgement.event.address = options_.event_address;
  judgement.publish_event = options_.publish_events;
}

Judgement Judge::Failing(const Letter& letter) const {
  Judgement judgement;
  if (letter.execution_id) DescribeFailing(letter, judgement, clock_.Now());
  return judgement;
}

void Judge::Apply(const Verdict& verdict, Judgement& judgement, Instant now) const {
  judgement.rule = verdict.rule;
  const Letter& letter = judgement.letter;
  if (options_.mode == ExecutionsMode::kObserve) {
    judgement.fixed = {Outcome::kParked, "observed"};
    return;
  }
  switch (verdict.kind) {
    case VerdictKind::kFail:
      DescribeFailing(letter, judgement, now);
      break;
    case VerdictKind::kPark:
      judgement.fixed = {Outcome::kParked, verdict.rule};
      break;
    case VerdictKind::kDiscard:
      judgement.fixed = {Outcome::kDiscarded, verdict.rule};
      break;
    case VerdictKind::kRetry: {
      const ReplayId replay(TimeOrderedUuid(now));
      judgement.retry =
          RetryMessage{replay, now + verdict.retry->delay, RetryAddress(letter, verdict.retry->to),
                       MakeReplayMessage(letter, replay, verdict.retry->attempt)};
      break;
    }
  }
}

Instant TryAgainAt(Outcome outcome, int tries, Instant now) {
  using std::chrono::seconds;
  const bool refused = outcome == Outcome::kRefused;
  const seconds first = refused ? seconds(60) : seconds(1);
  const seconds limit = refused ? seconds(3600) : seconds(60);
  return now + std::min(limit, first * (1 << std::clamp(tries, 0, 12)));
}

}  // namespace deadletter
