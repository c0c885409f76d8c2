// The rules over letters of the past, in memory.
#include "app/rule_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operations/ledger_test_support.h"

namespace deadletter {
namespace {

constexpr const char* kRequest =
    R"({"message_type":"ExecutionRequested","payload":{"execution_id":1}})";

class RuleTrials : public ::testing::Test {
 protected:
  LetterRecord& Add(const std::string& queue, Outcome outcome, const std::string& body = kRequest) {
    LetterRecord& record = ledger_->Add();
    record.summary.outcome = outcome;
    record.message.body = body;
    FieldTable death;
    death.entries = {{"reason", {std::string("expired")}},
                     {"queue", {queue}},
                     {"count", {std::int64_t{1}}},
                     {"time", {FieldTimestamp{1'700'000'000}}}};
    record.message.headers.entries = {{"x-death", {FieldArray{{death}}}}};
    return record;
  }
  RuleTrial Try(std::size_t limit = 1'000, const LetterFilter& filter = {}) {
    const auto trial = TryRules(catalog_, reader_, rules_, filter, limit);
    EXPECT_TRUE(trial) << trial.error().message;
    return trial.value_or(RuleTrial{});
  }
  static Rule MakeRule(const std::string& name, const std::string& queue, VerdictKind verdict) {
    Rule rule;
    rule.name = name;
    rule.match.queue = queue;
    rule.verdict = verdict;
    return rule;
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  test::FakeCatalog catalog_{ledger_};
  LetterFormat format_ = LetterFormat::Default();
  LetterReader reader_{format_};
  std::vector<Rule> rules_ = {MakeRule("retry it", "worker.*", VerdictKind::kRetry),
                              MakeRule("park it", "old.*", VerdictKind::kPark)};
};

TEST_F(RuleTrials, P7_EachLetterIsDecidedByTheFirstRuleThatHolds) {
  Add("worker.1", Outcome::kFailed);
  Add("worker.2", Outcome::kStaleAttempt);
  Add("elsewhere", Outcome::kFailed);
  const RuleTrial trial = Try();
  EXPECT_EQ(trial.letters, 3);
  EXPECT_FALSE(trial.more);
  ASSERT_EQ(trial.rules.size(), 3U);
  EXPECT_EQ(trial.rules[0].rule, "retry it");
  EXPECT_EQ(trial.rules[0].verdict, VerdictKind::kRetry);
  EXPECT_EQ(trial.rules[0].letters, 2);
  EXPECT_EQ(trial.rules[0].recorded.at(Outcome::kFailed), 1);
  EXPECT_EQ(trial.rules[0].sample, ledger_->letters[1].summary.id);
  EXPECT_EQ(trial.rules[1].rule, "park it");
  EXPECT_EQ(trial.rules[1].letters, 0) << "a rule that decides nothing is told, too";
  EXPECT_EQ(trial.rules[2].rule, "");
  EXPECT_EQ(trial.rules[2].letters, 1);
}

TEST_F(RuleTrials, P9_WhereAListTakesTooLongItLooksOn) {
  for (int number = 0; number < 7; ++number) Add("worker.1", Outcome::kFailed);
  ledger_->most_looked_at = 2;
  const RuleTrial trial = Try();
  EXPECT_EQ(trial.letters, 7);
  EXPECT_FALSE(trial.more);
}

TEST_F(RuleTrials, P4_OnlyWhatIsAskedForIsTriedAndWhatNoSearchFindsYetIsTold) {
  Add("worker.1", Outcome::kFailed).summary.worker_id = "7";
  Add("worker.1", Outcome::kFailed);
  Add("elsewhere", Outcome::kFailed).message.body = "words of its own";
  LetterFilter filter;
  filter.worker_id = "7";
  EXPECT_EQ(Try(1'000, filter).letters, 1);
  filter = {};
  filter.text = {.words = "own words", .view = "1"};
  ledger_->unindexed = 5;
  const RuleTrial trial = Try(1'000, filter);
  EXPECT_EQ(trial.letters, 1);
  EXPECT_EQ(trial.unindexed, 5);
  // Nobody takes what such an index finds for all there is.
  ledger_->is_of_another_view = true;
  const auto failed = TryRules(catalog_, reader_, rules_, filter, 10);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, testing::HasSubstr("--q finds nothing"));
}

TEST_F(RuleTrials, ALetterIsAsOldAsWhenItWasReceived) {
  rules_[0].match.younger_than = std::chrono::hours(1);
  Add("worker.1", Outcome::kFailed).summary.received_at =
      Instant(std::chrono::seconds(1'700'000'000 + 60));
  Add("worker.1", Outcome::kFailed).summary.received_at =
      Instant(std::chrono::seconds(1'700'000'000 + 7200));
  EXPECT_EQ(Try().rules[0].letters, 1);
}

TEST_F(RuleTrials, P4_WhatNoRuleAppliesToAndWhatIsDamagedIsCounted) {
  Add("worker.1", Outcome::kMalformed, "no json");
  Add("worker.1", Outcome::kUnexpectedType, R"({"message_type":"Other"})");
  Add("worker.1", Outcome::kFailed);
  ledger_->unreadable.insert(ledger_->letters[2].summary.id);
  const RuleTrial trial = Try();
  EXPECT_EQ(trial.letters, 3);
  EXPECT_EQ(trial.apart, 2);
  EXPECT_EQ(trial.unreadable, 1);
  EXPECT_EQ(trial.rules[0].letters, 0);
}

TEST_F(RuleTrials, P9_NoMoreAreLookedAtThanAskedFor) {
  for (int number = 0; number < 450; ++number) Add("worker.1", Outcome::kFailed);
  EXPECT_EQ(Try(450).letters, 450);
  const RuleTrial some = Try(201);
  EXPECT_EQ(some.letters, 201);
  EXPECT_TRUE(some.more);
}

TEST_F(RuleTrials, ALedgerThatIsAwayIsAnError) {
  ledger_->catalog_error = LedgerError{LedgerFault::kUnavailable, "", "gone"};
  EXPECT_FALSE(TryRules(catalog_, reader_, rules_, LetterFilter{}, 10));
}

}  // namespace
}  // namespace deadletter
