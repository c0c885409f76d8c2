// The second pure step of the road: a letter and the rules in, a verdict out. No clock, no I/O.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "letter/letter.h"
#include "policy/rule.h"

namespace deadletter {

struct RetryOrder {
  int attempt = 1;  // this one's number
  std::chrono::milliseconds delay{0};
  RetryTarget to = RetryTarget::kOrigin;
};

struct Verdict {
  VerdictKind kind = VerdictKind::kFail;
  std::string rule;                 // its name; empty: no rule matched
  std::optional<RetryOrder> retry;  // set if and only if kind is kRetry
};

// `chance` in [0, 1) decides the jitter. The attempts already made are read from the letter's
// header `deadletter-retry-attempt`; where they are used up, the next matching rule decides. Rules
// apply to execution requests; a malformed letter or one of another type is kept as what it is,
// whatever the rules say.
[[nodiscard]] Verdict Decide(const Letter& letter, std::span<const Rule> rules, Instant now,
                             double chance);

}  // namespace deadletter
