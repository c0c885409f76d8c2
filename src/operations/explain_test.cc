#include "operations/explain.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "operations/ledger_test_support.h"

namespace deadletter {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

const Caller kViewer{.name = "ada", .role = Role::kViewer};

class ExplainTest : public ::testing::Test {
 protected:
  LetterRecord& AddLetter(Outcome outcome, LetterState state) {
    LetterRecord& record = ledger_->Add();
    record.summary.execution_id = "5";
    record.summary.outcome = outcome;
    record.summary.state = state;
    record.summary.reason = Reason::kExpired;
    record.summary.queue = "worker.7.executions";
    record.history = {
        {.at = record.summary.settled_at, .what = std::string(OutcomeName(outcome)), .detail = ""}};
    return record;
  }
  void SetRow(std::string status) {
    ledger_->executions = {{.id = ExecutionId(std::int64_t{5}),
                            .status = std::move(status),
                            .result_json = std::nullopt,
                            .action_ref = std::nullopt,
                            .updated = std::nullopt}};
  }
  static FieldTable DeathsAt(std::int64_t second) {
    return {{{"x-death",
              {FieldArray{{FieldTable{{{"count", {std::int64_t{2}}},
                                       {"reason", {std::string("expired")}},
                                       {"queue", {std::string("worker.7.executions")}},
                                       {"time", {FieldTimestamp{std::uint64_t(second)}}}}}}}}}}};
  }
  OperationResult<std::string> Ask(const std::string& id, OperationsOptions options = {}) {
    Operations operations(test::ReadersOver(ledger_), std::move(options));
    return operations.ExplainExecution(id, {}, kViewer);
  }
  json::value Explain() { return json::parse(Ask("5").value()); }
  std::string Conclusion() { return std::string(Explain().at("conclusion").as_string()); }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
};

TEST_F(ExplainTest, TheTimelineIsOldestFirstOverAllLetters) {
  LetterRecord& first = AddLetter(Outcome::kRetried, LetterState::kClosed);
  first.message.properties.timestamp = 1'699'999'000;
  first.message.headers = DeathsAt(1'699'999'300);
  LetterRecord& second = AddLetter(Outcome::kFailed, LetterState::kOpen);
  second.message.headers = DeathsAt(1'699'999'600);
  second.history.push_back(
      {.at = second.summary.settled_at + seconds(1), .what = "event_published", .detail = ""});
  SetRow("failed");
  const auto explained = Explain();
  std::vector<std::string> whats;
  for (const auto& event : explained.at("timeline").as_array())
    whats.emplace_back(event.at("what").as_string());
  EXPECT_EQ(whats, (std::vector<std::string>{"sent", "died", "died", "received", "retried",
                                             "received", "failed", "event_published"}));
  const auto& died = explained.at("timeline").at(1);
  EXPECT_EQ(died.at("at"), "2023-11-14T22:01:40.000000Z");
  EXPECT_EQ(died.at("queue"), "worker.7.executions");
  EXPECT_EQ(died.at("reason"), "expired");
  EXPECT_EQ(died.at("count"), 2);
  EXPECT_EQ(explained.at("execution").at("status"), "failed");
  EXPECT_EQ(explained.at("letters"), 2);
  EXPECT_EQ(explained.at("more_letters"), false);
}

TEST_F(ExplainTest, TheConclusionSaysWhichLetterFailedIt) {
  AddLetter(Outcome::kFailed, LetterState::kOpen);
  SetRow("failed");
  EXPECT_EQ(Conclusion(),
            "it is failed; letter 01980000-0000-0000-0000-000000000001 failed it: expired in "
            "worker.7.executions");
}

TEST_F(ExplainTest, TheConclusionSaysWhatIsWaitedFor) {
  AddLetter(Outcome::kDeferred, LetterState::kWaiting);
  SetRow("scheduled");
  EXPECT_EQ(
      Conclusion(),
      "it is scheduled, and its letter 01980000-0000-0000-0000-000000000001 waits (deferred)");
}

TEST_F(ExplainTest, TheConclusionSaysThatALetterChangedNothing) {
  AddLetter(Outcome::kStaleAttempt, LetterState::kOpen);
  SetRow("running");
  EXPECT_EQ(Conclusion(),
            "it is running; its last message: expired in worker.7.executions, which changed "
            "nothing (stale_attempt)");
}

TEST_F(ExplainTest, AnExecutionWithoutLettersIsToldAsItIs) {
  SetRow("completed");
  EXPECT_EQ(Conclusion(), "it is completed, and no letter of it ever came");
}

TEST_F(ExplainTest, ALetterWithoutARowIsExplainedAllTheSame) {
  AddLetter(Outcome::kNotFound, LetterState::kOpen);
  EXPECT_EQ(Conclusion(),
            "its last message: expired in worker.7.executions; the platform has no such execution");
  ledger_->executions_error =
      LedgerError{.fault = LedgerFault::kStatement, .code = "42501", .message = "denied"};
  EXPECT_EQ(Conclusion(),
            "its last message: expired in worker.7.executions; how the execution is now is not "
            "known here");
  EXPECT_TRUE(Explain().at("execution").is_null());
}

TEST_F(ExplainTest, WhatNobodyKnowsIsNotFound) {
  for (const char* id : {"6", "no number", ""}) {
    const auto answer = Ask(id);
    ASSERT_FALSE(answer) << id;
    EXPECT_EQ(answer.error().fault, OperationFault::kNotFound) << id;
  }
}

TEST_F(ExplainTest, P9_OnlyTheNewestLettersAreReadAndTheAnswerSaysSo) {
  for (std::size_t index = 0; index <= kMaxExplainedLetters; ++index)
    AddLetter(Outcome::kStaleAttempt, LetterState::kClosed);
  SetRow("failed");
  const auto explained = Explain();
  EXPECT_EQ(explained.at("letters"), kMaxExplainedLetters);
  EXPECT_EQ(explained.at("more_letters"), true);
  EXPECT_EQ(explained.at("timeline").at(0).at("letter"), "01980000-0000-0000-0000-000000000002");
}

TEST_F(ExplainTest, P8_WhoMayNotLookForARedactedExecutionIsNotToldOfIt) {
  AddLetter(Outcome::kFailed, LetterState::kOpen);
  SetRow("failed");
  const Redaction redaction({"/payload/execution_id"}, LetterFormat::Default(), 1024);
  const auto answer = Ask("5", {.redaction = redaction});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, OperationFault::kForbidden);
}

TEST_F(ExplainTest, ParametersAreRefused) {
  Operations operations(test::ReadersOver(ledger_), {});
  const std::vector<Parameter> parameters = {{"limit", "5"}};
  const auto answer = operations.ExplainExecution("5", parameters, kViewer);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, OperationFault::kBadRequest);
}

}  // namespace
}  // namespace deadletter
