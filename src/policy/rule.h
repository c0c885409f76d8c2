// Rules ([[policy]]): what to do with letters that match. First match wins; no match = fail.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "letter/death.h"

namespace deadletter {

enum class VerdictKind { kFail, kRetry, kPark, kDiscard };

[[nodiscard]] std::string_view VerdictName(VerdictKind kind);
[[nodiscard]] std::optional<VerdictKind> VerdictFromName(std::string_view name);

// Every condition that is set must hold. Globs: '*' any run of characters, '?' one; everything else
// itself.
struct RuleMatch {
  std::set<Reason> reasons;           // empty: any
  std::optional<std::string> queue;   // glob over where the letter died
  std::optional<std::string> action;  // glob
  std::optional<std::string> type;    // glob
  std::optional<std::int64_t> deaths_below;
  std::optional<std::chrono::milliseconds> younger_than;  // first death, else receipt, until now
};

enum class RetryTarget {
  kOrigin,
  kQueue
};  // first exchange and key; straight into the queue where it died

struct RetryPlan {
  std::chrono::milliseconds delay{10'000};
  double factor = 2.0;
  std::chrono::milliseconds max_delay{300'000};
  double jitter = 0.2;  // 0..1: the share of the delay that is left to chance
  int max_attempts = 3;
  RetryTarget to = RetryTarget::kOrigin;
};

struct Rule {
  std::string name;
  RuleMatch match;
  VerdictKind verdict = VerdictKind::kFail;
  RetryPlan retry;  // used where verdict is kRetry
};

}  // namespace deadletter
