#include "policy/decide.h"

#include <algorithm>
#include <cmath>

#include "base/glob.h"
#include "letter/retry_message.h"

namespace deadletter {
namespace {

bool GlobHolds(const std::optional<std::string>& glob, const std::optional<std::string>& text) {
  return !glob || (text && GlobMatches(*glob, *text));
}

Instant FirstSeen(const Letter& letter) {
  const Death* const first = FirstDeath(letter.history);
  const auto seconds = first == nullptr ? std::nullopt : first->time_seconds;
  const auto died = seconds ? PlausibleInstant(*seconds) : std::nullopt;
  return died.value_or(letter.delivery.received_at);
}

bool Matches(const RuleMatch& match, const Letter& letter, Instant now) {
  if (!match.reasons.empty() && !match.reasons.contains(letter.reason)) return false;
  if (!GlobHolds(match.queue, letter.queue)) return false;
  if (!GlobHolds(match.action, letter.action)) return false;
  if (!GlobHolds(match.type, letter.type)) return false;
  if (match.deaths_below && letter.history.total >= *match.deaths_below) return false;
  return !match.younger_than || now - FirstSeen(letter) < *match.younger_than;
}

// From delay * (1 - jitter) up to delay, so that jitter never makes a wait longer than was asked
// for.
std::chrono::milliseconds DelayOf(const RetryPlan& plan, int attempt, double chance) {
  const auto most = static_cast<double>(plan.max_delay.count());
  const double grown = static_cast<double>(plan.delay.count()) * std::pow(plan.factor, attempt - 1);
  const double delay = grown < most ? grown : most;  // also where it grew beyond every number
  const double waited = delay * (1 - plan.jitter + plan.jitter * chance);
  return std::chrono::milliseconds(std::llround(waited));
}

}  // namespace

Verdict Decide(const Letter& letter, std::span<const Rule> rules, Instant now, double chance) {
  if (letter.kind != LetterKind::kExecutionRequest) return {};
  const int made = RetryAttemptsMade(letter);
  for (const Rule& rule : rules) {
    if (!Matches(rule.match, letter, now)) continue;
    if (rule.verdict != VerdictKind::kRetry) return {rule.verdict, rule.name, std::nullopt};
    if (made >= rule.retry.max_attempts) continue;
    const RetryOrder order{made + 1, DelayOf(rule.retry, made + 1, chance), rule.retry.to};
    return {VerdictKind::kRetry, rule.name, order};
  }
  return {};
}

}  // namespace deadletter
