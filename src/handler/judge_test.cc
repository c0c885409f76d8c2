#include "handler/judge.h"

#include <gtest/gtest.h>

namespace deadletter {
namespace {

Letter Request() {
  Letter letter;
  letter.kind = LetterKind::kExecutionRequest;
  letter.execution_id = ExecutionId(std::int64_t{5});
  letter.reason = Reason::kExpired;
  return letter;
}

Judgement JudgeWith(JudgeOptions options, Letter letter) {
  static const SystemClock clock;
  return Judge(std::move(options), clock)(std::move(letter));
}

Rule RuleFor(VerdictKind verdict) {
  Rule rule;
  rule.name = "a rule";
  rule.verdict = verdict;
  return rule;
}

TEST(Judge, AnExecutionRequestFailsItsExecutionUnderGuard) {
  JudgeOptions options;
  options.event_address = {"events", "done"};
  const Judgement judgement = JudgeWith(options, Request());
  EXPECT_FALSE(judgement.fixed);
  EXPECT_EQ(judgement.failure.error, "Worker queue TTL expired");
  EXPECT_EQ(judgement.event.address, (Address{"events", "done"}));
  EXPECT_NE(judgement.event.message_id, Uuid{});
}

TEST(Judge, P4_WhatCannotBeUnderstoodIsRecordedAsSuch) {
  Letter letter;
  letter.kind = LetterKind::kMalformed;
  letter.malformation = Malformation::kNotJson;
  const Judgement malformed = JudgeWith({}, letter);
  ASSERT_TRUE(malformed.fixed);
  EXPECT_EQ(malformed.fixed->outcome, Outcome::kMalformed);
  EXPECT_EQ(malformed.fixed->detail, "not_json");

  letter.kind = LetterKind::kUnexpectedType;
  letter.malformation.reset();
  EXPECT_EQ(JudgeWith({}, letter).fixed->outcome, Outcome::kUnexpectedType);
}

TEST(Judge, ObservingParksEveryRequest) {
  JudgeOptions options;
  options.mode = ExecutionsMode::kObserve;
  const Judgement judgement = JudgeWith(options, Request());
  ASSERT_TRUE(judgement.fixed);
  EXPECT_EQ(judgement.fixed->outcome, Outcome::kParked);
  EXPECT_EQ(judgement.fixed->detail, "observed");
}

TEST(Judge, ARuleParksDiscardsOrRetries) {
  JudgeOptions options;
  options.rules = {RuleFor(VerdictKind::kPark)};
  EXPECT_EQ(JudgeWith(options, Request()).fixed->outcome, Outcome::kParked);
  options.rules = {RuleFor(VerdictKind::kDiscard)};
  EXPECT_EQ(JudgeWith(options, Request()).fixed->outcome, Outcome::kDiscarded);
  options.rules = {RuleFor(VerdictKind::kRetry)};
  const Judgement retried = JudgeWith(options, Request());
  EXPECT_FALSE(retried.fixed);  // its row decides whether it may be sent again
  EXPECT_EQ(retried.rule, "a rule");
  ASSERT_TRUE(retried.retry);
  EXPECT_NE(retried.retry->message.headers.Find("deadletter-replay-id"), nullptr);
}

TEST(TryAgainAt, P9_DeferredLettersSoonRefusedOnesSlowlyAndNeverLaterThanTheLimit) {
  using std::chrono::seconds;
  const Instant now{seconds(1000)};
  EXPECT_EQ(TryAgainAt(Outcome::kDeferred, 0, now), now + seconds(1));
  EXPECT_EQ(TryAgainAt(Outcome::kDeferred, 1'000'000, now), now + seconds(60));
  EXPECT_EQ(TryAgainAt(Outcome::kRefused, 0, now), now + seconds(60));
  EXPECT_EQ(TryAgainAt(Outcome::kRefused, 1'000'000, now), now + seconds(3600));
}

}  // namespace
}  // namespace deadletter
