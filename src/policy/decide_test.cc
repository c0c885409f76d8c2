#include "policy/decide.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "letter/retry_message.h"

namespace deadletter {
namespace {

using namespace std::string_literals;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Instant kNow(seconds(1'700'000'000));

Letter SomeLetter() {
  Letter letter;
  letter.kind = LetterKind::kExecutionRequest;
  letter.execution_id = ExecutionId(std::int64_t{5});
  letter.reason = Reason::kExpired;
  letter.queue = "worker.7";
  letter.action = "core.echo";
  letter.type = "ExecutionRequested";
  letter.history.total = 1;
  letter.delivery.received_at = kNow;
  return letter;
}

Letter SentAgain(int times) {
  Letter letter = SomeLetter();
  letter.delivery.message.headers.entries = {
      {std::string(kRetryAttemptHeader), {std::int64_t{times}}}};
  return letter;
}

Rule RuleFor(std::string name, VerdictKind verdict, RuleMatch match = {}) {
  Rule rule;
  rule.name = std::move(name);
  rule.verdict = verdict;
  rule.match = std::move(match);
  return rule;
}

Verdict DecideBy(const std::vector<Rule>& rules, const Letter& letter = SomeLetter(),
                 double chance = 0.5) {
  return Decide(letter, rules, kNow, chance);
}

bool Holds(const RuleMatch& match, const Letter& letter = SomeLetter()) {
  return DecideBy({RuleFor("park", VerdictKind::kPark, match)}, letter).kind == VerdictKind::kPark;
}

TEST(Decide, WithoutRulesFails) {
  const Verdict verdict = DecideBy({});
  EXPECT_EQ(verdict.kind, VerdictKind::kFail);
  EXPECT_EQ(verdict.rule, "");
  EXPECT_FALSE(verdict.retry);
}

TEST(Decide, TheFirstMatchWins) {
  RuleMatch others;
  others.queue = "other.*";
  const Verdict verdict =
      DecideBy({RuleFor("one", VerdictKind::kDiscard, others), RuleFor("two", VerdictKind::kPark),
                RuleFor("three", VerdictKind::kDiscard)});
  EXPECT_EQ(verdict.kind, VerdictKind::kPark);
  EXPECT_EQ(verdict.rule, "two");
}

TEST(Decide, P4_NoRuleTouchesWhatIsNoExecutionRequest) {
  for (const LetterKind kind : {LetterKind::kMalformed, LetterKind::kUnexpectedType}) {
    Letter letter = SomeLetter();
    letter.kind = kind;
    for (const VerdictKind verdict :
         {VerdictKind::kDiscard, VerdictKind::kRetry, VerdictKind::kPark}) {
      EXPECT_EQ(DecideBy({RuleFor("all", verdict)}, letter).kind, VerdictKind::kFail);
      EXPECT_EQ(DecideBy({RuleFor("all", verdict)}, letter).rule, "");
    }
  }
}

TEST(Decide, EveryConditionThatIsSetMustHold) {
  RuleMatch match;
  match.reasons = {Reason::kExpired, Reason::kMaxlen};
  match.queue = "worker.*";
  match.action = "core.*";
  match.type = "Execution*";
  match.deaths_below = 2;
  match.younger_than = hours(1);
  EXPECT_TRUE(Holds(match));
  const auto fails_with = [&](auto&& change) {
    Letter letter = SomeLetter();
    change(letter);
    return !Holds(match, letter);
  };
  EXPECT_TRUE(fails_with([](Letter& letter) { letter.reason = Reason::kRejected; }));
  EXPECT_TRUE(fails_with([](Letter& letter) { letter.queue = "unrouted"; }));
  EXPECT_TRUE(fails_with([](Letter& letter) { letter.action = "other.echo"; }));
  EXPECT_TRUE(fails_with([](Letter& letter) { letter.action.reset(); }));
  EXPECT_TRUE(fails_with([](Letter& letter) { letter.type.reset(); }));
  EXPECT_TRUE(fails_with([](Letter& letter) { letter.history.total = 2; }));
  EXPECT_TRUE(fails_with([](Letter& letter) { letter.delivery.received_at = kNow - hours(1); }));
}

TEST(Decide, AgeCountsFromTheFirstDeathElseFromReceipt) {
  RuleMatch match;
  match.younger_than = seconds(60);
  Letter letter = SomeLetter();
  Death newest;
  newest.time_seconds = 1'699'999'999;
  Death first;
  first.queue = "worker.1";
  first.time_seconds = 1'699'999'940;
  letter.history.deaths = {newest, first};
  EXPECT_FALSE(Holds(match, letter));
  letter.history.deaths.back().time_seconds = 1'699'999'941;
  EXPECT_TRUE(Holds(match, letter));
  for (const std::optional<std::int64_t> unusable :
       {std::optional<std::int64_t>(), std::optional(INT64_MAX)}) {
    letter.history.deaths.back().time_seconds = unusable;
    letter.delivery.received_at = kNow - seconds(59);
    EXPECT_TRUE(Holds(match, letter));
    letter.delivery.received_at = kNow - seconds(60);
    EXPECT_FALSE(Holds(match, letter));
  }
}

TEST(Decide, ARetryThatIsUsedUpLeavesTheLetterToTheNextRule) {
  std::vector<Rule> rules = {RuleFor("again", VerdictKind::kRetry),
                             RuleFor("keep", VerdictKind::kPark)};
  rules[0].retry.max_attempts = 3;
  for (int made = 0; made < 3; ++made) {
    const Verdict verdict = DecideBy(rules, SentAgain(made));
    EXPECT_EQ(verdict.rule, "again");
    EXPECT_EQ(verdict.retry->attempt, made + 1);
  }
  EXPECT_EQ(DecideBy(rules, SentAgain(3)).rule, "keep");
  EXPECT_EQ(DecideBy(rules, SentAgain(100)).rule, "keep");
  rules.pop_back();
  EXPECT_EQ(DecideBy(rules, SentAgain(3)).kind, VerdictKind::kFail);
}

TEST(Decide, DelaysGrowUpToTheirLimit) {
  std::vector<Rule> rules = {RuleFor("again", VerdictKind::kRetry)};
  rules[0].retry = {milliseconds(10'000), 2.0, milliseconds(300'000), 0.0, 2'000'000,
                    RetryTarget::kQueue};
  const std::pair<int, std::int64_t> delays[] = {{0, 10'000},         {1, 20'000},  {2, 40'000},
                                                 {4, 160'000},        {5, 300'000}, {6, 300'000},
                                                 {1'000'000, 300'000}};
  for (const auto& [made, expected] : delays) {
    const auto order = DecideBy(rules, SentAgain(made)).retry.value();
    EXPECT_EQ(order.delay, milliseconds(expected)) << made;
    EXPECT_EQ(order.to, RetryTarget::kQueue);
  }
}

TEST(Decide, JitterIsTheShareOfTheDelayThatIsLeftToChance) {
  std::vector<Rule> rules = {RuleFor("again", VerdictKind::kRetry)};
  rules[0].retry = {milliseconds(10'000), 2.0, milliseconds(300'000), 0.2, 3, RetryTarget::kOrigin};
  EXPECT_EQ(DecideBy(rules, SomeLetter(), 0.0).retry->delay, milliseconds(8'000));
  EXPECT_EQ(DecideBy(rules, SomeLetter(), 0.5).retry->delay, milliseconds(9'000));
  EXPECT_EQ(DecideBy(rules, SomeLetter(), 0.9999999).retry->delay, milliseconds(10'000));
}

rc::Gen<Rule> AnyRule() {
  // However few they are: by itself a range grows with the size of the whole.
  return rc::gen::resize(
      rc::kNominalSize, rc::gen::exec([] {
        Rule rule;
        rule.name = "rule";
        rule.verdict = *rc::gen::element(VerdictKind::kFail, VerdictKind::kRetry,
                                         VerdictKind::kPark, VerdictKind::kDiscard);
        if (*rc::gen::arbitrary<bool>()) rule.match.reasons = {Reason::kExpired, Reason::kUnknown};
        if (*rc::gen::arbitrary<bool>())
          rule.match.queue = *rc::gen::element("*"s, "worker.*"s, ""s);
        if (*rc::gen::arbitrary<bool>())
          rule.match.deaths_below = *rc::gen::arbitrary<std::int64_t>();
        if (*rc::gen::arbitrary<bool>())
          rule.match.younger_than = milliseconds(*rc::gen::inRange<std::int64_t>(0, 1LL << 40));
        rule.retry.delay = milliseconds(*rc::gen::inRange(0, 1'000'000));
        rule.retry.max_delay = milliseconds(*rc::gen::inRange(0, 10'000'000));
        rule.retry.factor = *rc::gen::inRange(10, 100) / 10.0;
        rule.retry.jitter = *rc::gen::inRange(0, 11) / 10.0;
        rule.retry.max_attempts = *rc::gen::inRange(0, 2'000);
        return rule;
      }));
}

RC_GTEST_PROP(DecideOnAnything, GivesOneVerdictThatIsWhole,
              (std::int64_t total, std::int64_t time, std::int64_t made)) {
  const auto rules = *rc::gen::resize(5, rc::gen::container<std::vector<Rule>>(AnyRule()));
  Letter letter = SentAgain(0);
  letter.delivery.message.headers.entries.front().value = {made};
  letter.kind = *rc::gen::element(LetterKind::kExecutionRequest, LetterKind::kMalformed,
                                  LetterKind::kUnexpectedType);
  letter.reason = *rc::gen::element(Reason::kExpired, Reason::kRejected, Reason::kUnknown);
  letter.history.total = total;
  Death death;
  death.time_seconds = time;
  letter.history.deaths = {death};
  const double chance = *rc::gen::inRange(0, 1'000) / 1'000.0;

  const Verdict verdict = Decide(letter, rules, kNow, chance);
  RC_ASSERT(verdict.retry.has_value() == (verdict.kind == VerdictKind::kRetry));
  RC_ASSERT(!verdict.rule.empty() || verdict.kind == VerdictKind::kFail);
  RC_ASSERT(letter.kind == LetterKind::kExecutionRequest || verdict.rule.empty());
  if (verdict.retry) {
    RC_ASSERT(verdict.retry->attempt >= 1);
    RC_ASSERT(verdict.retry->delay >= milliseconds(0));
    RC_ASSERT(std::ranges::any_of(rules, [&](const Rule& rule) {
      return verdict.retry->attempt <= rule.retry.max_attempts &&
             verdict.retry->delay <= rule.retry.max_delay;
    }));
  }
}

// By each rule alone it is known which ones match: the order is all that is left to prove.
RC_GTEST_PROP(DecideOnAnything, GivesTheVerdictOfTheFirstRuleThatMatchesAlone,
              (std::int64_t total)) {
  auto rules = *rc::gen::resize(6, rc::gen::container<std::vector<Rule>>(AnyRule()));
  for (std::size_t place = 0; place < rules.size(); ++place)
    rules[place].name = std::to_string(place);
  Letter letter = SentAgain(*rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 3'000)));
  letter.reason = *rc::gen::element(Reason::kExpired, Reason::kRejected, Reason::kUnknown);
  letter.queue = *rc::gen::element("worker.7"s, ""s, "other"s);
  letter.history.total = total;
  const double chance = *rc::gen::inRange(0, 1'000) / 1'000.0;

  Verdict expected;
  for (const Rule& rule : rules) {
    expected = Decide(letter, std::span(&rule, 1), kNow, chance);
    if (!expected.rule.empty()) break;
  }
  const Verdict verdict = Decide(letter, rules, kNow, chance);
  RC_CLASSIFY(!verdict.rule.empty() && verdict.rule != "0", "not the first one");
  RC_ASSERT(verdict.rule == expected.rule);
  RC_ASSERT(verdict.kind == expected.kind);
  RC_ASSERT(verdict.retry.has_value() == expected.retry.has_value());
  if (!verdict.retry) return;
  RC_ASSERT(verdict.retry->attempt == expected.retry->attempt);
  RC_ASSERT(verdict.retry->delay == expected.retry->delay);
  RC_ASSERT(verdict.retry->to == expected.retry->to);
}

}  // namespace
}  // namespace deadletter
