// What workers answer.

#include "base/rfc3339.h"
#include "operations/work_test_fixture.h"

namespace deadletter {
namespace {

using namespace std::chrono_literals;
using test::RequestFor;
using test::WorkTest;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(WorkTest, AnAcknowledgementWithAResultEndsTheExecutionFirst) {
  AddExecutions(1);
  const auto work = MakeWork();
  queues_->Send("work", RequestFor("1"));
  const std::string id = LeaseOne(*work);
  queues_->BeforeAcknowledging([&] { EXPECT_EQ(ledger_->executions[0].status, "completed"); });
  EXPECT_EQ(
      Json(work->Acknowledge(id, R"({"result": {"n": 12345678901234567890123}})")),
      boost::json::parse(
          R"({"acknowledged":true,"execution":{"id":"1","moved":true,"status":"completed"}})"));
  EXPECT_EQ(ledger_->executions[0].result_json, R"({"n": 12345678901234567890123})");
  EXPECT_EQ(queues_->Size("work"), 0U);
  EXPECT_THAT(ledger_->audit, IsEmpty()) << "a worker's answer is the platform's own work";
}

TEST_F(WorkTest, AStatusMustBeAFinalOne) {
  AddExecutions(1);
  const auto work = MakeWork({.final_statuses = {"completed", "failed"}});
  queues_->Send("work", RequestFor("1"));
  const std::string id = LeaseOne(*work);
  ExpectFault(work->Acknowledge(id, R"({"status":"running"})"), OperationFault::kUnacceptable,
              "status must be one of executions.final (completed, failed), not 'running'");
  ExpectFault(work->Acknowledge(id, R"({"status":1})"), OperationFault::kBadRequest,
              "a string in status");
  EXPECT_EQ(queues_->Size("work"), 1U);
  EXPECT_EQ(Json(work->Acknowledge(id, R"({"status":"failed"})")).at("execution").at("status"),
            "failed");
  EXPECT_EQ(ledger_->executions[0].result_json, "null");
}

TEST_F(WorkTest, WithoutAResultNoExecutionIsTouched) {
  AddExecutions(1);
  const auto work = MakeWork();
  queues_->Send("work", RequestFor("1"));
  EXPECT_EQ(Json(work->Acknowledge(LeaseOne(*work), "")),
            boost::json::parse(R"({"acknowledged":true,"execution":null})"));
  EXPECT_EQ(ledger_->executions[0].status, "scheduled");
}

TEST_F(WorkTest, P2_WhatIsNotFailableAnyMoreIsNotMovedAndTold) {
  AddExecutions(2);
  const auto work = MakeWork();
  ledger_->executions[0].status = "cancelled";
  queues_->Send("work", RequestFor("1"));
  EXPECT_EQ(Json(work->Acknowledge(LeaseOne(*work), R"({"result":1})")).at("execution"),
            boost::json::parse(R"({"id":"1","moved":false,"status":"cancelled"})"));
  EXPECT_EQ(ledger_->executions[0].status, "cancelled");
  queues_->Send("work", RequestFor("99"));
  EXPECT_EQ(Json(work->Acknowledge(LeaseOne(*work), R"({"result":1})")).at("execution"),
            boost::json::parse(R"({"id":"99","moved":false,"status":null})"));
}

// As after a death between the row and the acknowledgement.
TEST_F(WorkTest, P3_ARowThatIsThereAlreadyIsFine) {
  AddExecutions(1);
  const auto work = MakeWork();
  ledger_->executions[0].status = "completed";
  ledger_->executions[0].result_json = R"({"first":true})";
  queues_->Send("work", RequestFor("1"));
  const auto given = Json(Lease(*work, "work", "{}"));
  EXPECT_EQ(given.at("deliveries").at(0).at("execution_status"), "completed");
  const std::string id(given.at("deliveries").at(0).at("id").as_string());
  EXPECT_EQ(Json(work->Acknowledge(id, R"({"result":{"second":true}})")).at("execution"),
            boost::json::parse(R"({"id":"1","moved":false,"status":"completed"})"));
  EXPECT_EQ(ledger_->executions[0].result_json, R"({"first":true})");
}

TEST_F(WorkTest, P2_TheMessageOfAnEarlierAttemptEndsNoLaterOne) {
  AddExecutions(1);
  const auto work = MakeWork();
  ledger_->executions[0].updated = clock_->Now();
  const std::string stamp = FormatRfc3339(clock_->Now());
  queues_->Send("work", RequestFor("1", R"(,"scheduled_attempt_updated_at":")" + stamp + '"'));
  const std::string id = LeaseOne(*work);
  // Replayed, and its new message is on its way.
  ledger_->executions[0].updated = clock_->Now() + 1s;
  ledger_->owners[ExecutionId(std::int64_t{1})] = ReplayId();
  EXPECT_EQ(Json(work->Acknowledge(id, R"({"result":1})")).at("execution"),
            boost::json::parse(R"({"id":"1","moved":false,"status":"scheduled"})"));
  EXPECT_EQ(ledger_->executions[0].status, "scheduled");
}

TEST_F(WorkTest, P5_WhereSomethingElseHasRenewedTheRowTheMessageStaysLeasedAndIsTold) {
  AddExecutions(1);
  const auto work = MakeWork();
  ledger_->executions[0].updated = clock_->Now();
  const std::string stamp = FormatRfc3339(clock_->Now());
  queues_->Send("work", RequestFor("1", R"(,"scheduled_attempt_updated_at":")" + stamp + '"'));
  const std::string id = LeaseOne(*work);
  ledger_->executions[0].status = "running";
  ledger_->executions[0].updated = clock_->Now() + 1s;
  for (const char* answer : {R"({"result":1})", R"({"status":"completed"})", R"({"result":1})"}) {
    ExpectFault(work->Acknowledge(id, answer), OperationFault::kConflict,
                "the row of execution '1' was renewed after this message was sent (status "
                "'running'): nothing was moved, and the message is still leased; reject it");
  }
  EXPECT_EQ(ledger_->executions[0].status, "running");
  EXPECT_EQ(queues_->Size("work"), 1U);
  EXPECT_EQ(Json(work->Reject(id, "{}")).at("requeued"), false);
}

TEST_F(WorkTest, P5_WhereNobodyKnowsWhyNothingWasMovedNothingIsAcknowledged) {
  AddExecutions(1);
  const auto work = MakeWork();
  ledger_->executions[0].status = "completed";
  queues_->Send("work", RequestFor("1"));
  const std::string id = LeaseOne(*work);
  ledger_->standing_error = LedgerError{LedgerFault::kUnavailable, "", "no answer"};
  ExpectFault(work->Acknowledge(id, R"({"result":1})"), OperationFault::kUnavailable,
              "not acknowledged, do it again: ");
  ledger_->standing_error.reset();
  EXPECT_EQ(queues_->Size("work"), 1U);
  EXPECT_EQ(Json(work->Acknowledge(id, R"({"result":1})")).at("execution").at("moved"), false);
}

TEST_F(WorkTest, P2_AMessageOfNobodyKnowsWhichAttemptEndsNone) {
  AddExecutions(1);
  const auto work = MakeWork();
  queues_->Send("work", RequestFor("1", R"(,"scheduled_attempt_updated_at":"yesterday")"));
  const std::string id = LeaseOne(*work);
  ExpectFault(work->Acknowledge(id, R"({"result":1})"), OperationFault::kUnacceptable,
              "of which attempt of its execution this message is cannot be read");
  EXPECT_EQ(ledger_->executions[0].status, "scheduled");
  EXPECT_TRUE(work->Acknowledge(id, "{}"));
}

TEST_F(WorkTest, AMessageWithoutAnExecutionHasNoResult) {
  const auto work = MakeWork();
  queues_->Send("work", "hello");
  const std::string id = LeaseOne(*work);
  ExpectFault(work->Acknowledge(id, R"({"result":1})"), OperationFault::kUnacceptable,
              "names no execution");
  EXPECT_TRUE(work->Acknowledge(id, "{}"));
}

TEST_F(WorkTest, P2_AnOverLeaseChangesNothing) {
  AddExecutions(1);
  const auto work = MakeWork();
  queues_->Send("work", RequestFor("1"));
  const std::string id = LeaseOne(*work);
  clock_->Advance(61s);
  for (const auto& answer : {work->Acknowledge(id, R"({"result":1})"), work->Acknowledge(id, ""),
                             work->Reject(id, "{}"), work->Extend(id, R"({"lease":5})")}) {
    ExpectFault(answer, OperationFault::kConflict, "is not leased any more");
  }
  EXPECT_EQ(ledger_->executions[0].status, "scheduled");
  EXPECT_EQ(queues_->Ready("work"), 1U);
  EXPECT_EQ(Json(Lease(*work, "work", "{}")).at("deliveries").at(0).at("redelivered"), true);
}

TEST_F(WorkTest, ALeaseThatEndsBetweenTheRowAndTheAcknowledgementIsToldWithTheRow) {
  AddExecutions(1);
  const auto work = MakeWork();
  queues_->Send("work", RequestFor("1"));
  const std::string id = LeaseOne(*work);
  queues_->BeforeAcknowledging([&] { clock_->Advance(61s); });
  ExpectFault(work->Acknowledge(id, R"({"result":1})"), OperationFault::kConflict,
              "; the execution was moved to 'completed'");
  EXPECT_EQ(queues_->Ready("work"), 1U);
}

TEST_F(WorkTest, WhatFailedInBetweenMayBeDoneAgain) {
  AddExecutions(1);
  const auto work = MakeWork();
  queues_->Send("work", RequestFor("1"));
  const std::string id = LeaseOne(*work);
  ledger_->executions_error = LedgerError{LedgerFault::kInDoubt, "", "no answer"};
  ExpectFault(work->Acknowledge(id, R"({"result":1})"), OperationFault::kUnavailable,
              "not acknowledged, do it again: whether it was recorded is not known");
  ledger_->executions_error.reset();
  queues_->BeforeAcknowledging(
      [&] { queues_->Fail(BrokerError{BrokerFault::kUnreachable, "disk full"}); });
  ExpectFault(work->Acknowledge(id, R"({"result":1})"), OperationFault::kUnavailable,
              "not acknowledged, do it again: the queues cannot be used now: disk full; the "
              "execution was moved to 'completed'");
  queues_->Fail(std::nullopt);
  EXPECT_EQ(Json(work->Acknowledge(id, R"({"result":1})")).at("execution").at("moved"), false);
  EXPECT_EQ(queues_->Size("work"), 0U);
}

TEST_F(WorkTest, ARejectedMessageDiesOrGoesBack) {
  const auto work = MakeWork();
  queues_->Send("work", "bad");
  EXPECT_EQ(work->Reject(LeaseOne(*work), R"({"requeue":true})").value(), R"({"requeued":true})");
  EXPECT_EQ(queues_->Ready("work"), 1U);
  EXPECT_EQ(work->Reject(LeaseOne(*work), "").value(), R"({"requeued":false})");
  EXPECT_THAT(queues_->Dead(), ElementsAre("bad"));
  EXPECT_THAT(ledger_->audit, IsEmpty());
}

TEST_F(WorkTest, ALeaseIsExtendedAndItsEndTold) {
  const auto work = MakeWork();
  queues_->Send("work", "slow");
  const std::string id = LeaseOne(*work);
  clock_->Advance(50s);
  EXPECT_EQ(work->Extend(id, R"({"lease":100})").value(),
            R"({"until":"2023-11-14T22:15:50.000000Z"})");
  clock_->Advance(99s);
  EXPECT_TRUE(work->Acknowledge(id, ""));
}

TEST_F(WorkTest, WhatIsNoAnswerIsTold) {
  const auto work = MakeWork();
  queues_->Send("work", "x");
  const std::string id = LeaseOne(*work);
  ExpectFault(work->Acknowledge(id, R"({"Result":1})"), OperationFault::kBadRequest,
              "unknown member 'Result': there are result, status");
  ExpectFault(work->Reject(id, R"({"requeue":"no"})"), OperationFault::kBadRequest,
              "requeue must be true or false");
  ExpectFault(work->Extend(id, R"({"lease":0})"), OperationFault::kBadRequest, "lease must be");
  ExpectFault(work->Extend(id, "{"), OperationFault::kBadRequest, "the body is not JSON");
  for (const char* other : {"", "x", "1", "1-", "-1", "1-x", "1-2-3", "A-B", "12345678901234567-1",
                            "01980000-0000-0000-0000-000000000001"}) {
    ExpectFault(work->Acknowledge(other, ""), OperationFault::kNotFound, "no delivery has the id");
    ExpectFault(work->Reject(other, ""), OperationFault::kNotFound, "no delivery has the id");
    ExpectFault(work->Extend(other, ""), OperationFault::kNotFound, "no delivery has the id");
  }
  ExpectFault(work->Extend("1-2", ""), OperationFault::kConflict, "is not leased any more");
  EXPECT_TRUE(work->Acknowledge(id, ""));
}

}  // namespace
}  // namespace deadletter
