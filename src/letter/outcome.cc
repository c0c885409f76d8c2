#include "letter/outcome.h"

#include <utility>

namespace deadletter {
std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFailed:
      return "failed";
    case Outcome::kStaleAttempt:
      return "stale_attempt";
    case Outcome::kNotFailable:
      return "not_failable";
    case Outcome::kDeferred:
      return "deferred";
    case Outcome::kNotFound:
      return "not_found";
    case Outcome::kMalformed:
      return "malformed";
    case Outcome::kUnexpectedType:
      return "unexpected_type";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kRetried:
      return "retried";
    case Outcome::kParked:
      return "parked";
    case Outcome::kDiscarded:
      return "discarded";
  }
  std::unreachable();
}

std::optional<Outcome> OutcomeFromName(std::string_view name) {
  for (const Outcome outcome : kEveryOutcome) {
    if (OutcomeName(outcome) == name) return outcome;
  }
  return std::nullopt;
}

std::string_view LetterStateName(LetterState state) {
  switch (state) {
    case LetterState::kOpen:
      return "open";
    case LetterState::kWaiting:
      return "waiting";
    case LetterState::kClosed:
      return "closed";
  }
  std::unreachable();
}

std::optional<LetterState> LetterStateFromName(std::string_view name) {
  for (const LetterState state : kEveryLetterState) {
    if (LetterStateName(state) == name) return state;
  }
  return std::nullopt;
}

bool IsSettledAgain(Outcome outcome) {
  return outcome == Outcome::kDeferred || outcome == Outcome::kRefused;
}

LetterState StateAfter(Outcome outcome, bool row_is_final) {
  switch (outcome) {
    case Outcome::kFailed:
    case Outcome::kNotFound:
    case Outcome::kMalformed:
    case Outcome::kUnexpectedType:
    case Outcome::kRefused:
    case Outcome::kParked:
      return LetterState::kOpen;
    case Outcome::kStaleAttempt:
    case Outcome::kNotFailable:
      return row_is_final ? LetterState::kClosed : LetterState::kOpen;
    case Outcome::kDeferred:
    case Outcome::kRetried:
      return LetterState::kWaiting;
    case Outcome::kDiscarded:
      return LetterState::kClosed;
  }
  std::unreachable();
}

}  // namespace deadletter
