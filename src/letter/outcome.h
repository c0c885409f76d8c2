// The closed sets that a letter's handling ends in. A switch over them has no default: a new member
// does not compile until every place handles it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace deadletter {

// What happened, as the ledger recorded it (docs/concepts.md has the decision table).
enum class Outcome {
  kFailed,          // the execution was moved to FAILED by this letter
  kStaleAttempt,    // the row is failable, but the letter belongs to an earlier attempt
  kNotFailable,     // the row is in any other status
  kDeferred,        // the row was locked for too long; settled from the ledger later
  kNotFound,        // no such row
  kMalformed,       // cannot be understood; kept whole
  kUnexpectedType,  // not an execution request
  kRefused,         // the ledger refused it even alone; tried again slowly from the ledger
  kRetried,         // a rule sent it back
  kParked,          // a rule, or observing, kept it and left the execution alone
  kDiscarded,       // a rule closed it
};

inline constexpr std::array kEveryOutcome = {
    Outcome::kFailed,   Outcome::kStaleAttempt, Outcome::kNotFailable,    Outcome::kDeferred,
    Outcome::kNotFound, Outcome::kMalformed,    Outcome::kUnexpectedType, Outcome::kRefused,
    Outcome::kRetried,  Outcome::kParked,       Outcome::kDiscarded};

// Of what is said beside an outcome, in our own words and the ledger's or the broker's.
inline constexpr std::size_t kMaxDetailBytes = 1'000;

enum class LetterState { kOpen, kWaiting, kClosed };
inline constexpr std::array kEveryLetterState = {LetterState::kOpen, LetterState::kWaiting,
                                                 LetterState::kClosed};

[[nodiscard]] std::string_view OutcomeName(Outcome outcome);  // "failed", "stale_attempt", …
[[nodiscard]] std::optional<Outcome> OutcomeFromName(std::string_view name);
[[nodiscard]] std::string_view LetterStateName(LetterState state);  // "open", "waiting", "closed"
[[nodiscard]] std::optional<LetterState> LetterStateFromName(std::string_view name);

// While these wait they are looked at again.
[[nodiscard]] bool IsSettledAgain(Outcome outcome);

// The state that a letter has after `outcome`; `row_is_final` matters for stale_attempt and
// not_failable only.
[[nodiscard]] LetterState StateAfter(Outcome outcome, bool row_is_final);

}  // namespace deadletter
