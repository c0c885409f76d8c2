// Submitting, and the end of it all.
#include <atomic>
#include <thread>

#include "operations/work_test_fixture.h"

namespace deadletter {
namespace {

using namespace std::chrono_literals;
using test::kOtto;
using test::kOwnQueue;
using test::RequestFor;
using test::WorkTest;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(WorkTest, P8_WhatIsSubmittedIsRecordedAuditedAndSent) {
  int told = 0;
  const auto work = MakeWork({.submitted = [&told] { ++told; }});
  const auto answer = Json(work->Submit(
      R"({"queue":"worker.7.executions","action":"core.echo","payload": {"n": 12345678901234567890123},)"
      R"("ttl_ms":1500,"count":2})",
      kOtto));
  EXPECT_EQ(answer, boost::json::parse(R"({"execution_ids":["1","2"]})"));
  EXPECT_EQ(told, 1);
  ASSERT_THAT(ledger_->submitted, SizeIs(2));
  const NewExecution& execution = ledger_->submitted[1];
  EXPECT_EQ(execution.action_ref, "core.echo");
  EXPECT_EQ(execution.payload_json, R"({"n": 12345678901234567890123})") << "every digit";
  EXPECT_EQ(execution.ttl, 1500ms);
  EXPECT_EQ(execution.worker_id, "7") << "whose queue it is";
  EXPECT_EQ(execution.address, (Address{"attune.executions", "execution.dispatch.worker.7"}));
  ASSERT_THAT(ledger_->audit, SizeIs(1));
  EXPECT_EQ(ledger_->audit[0].who, "otto");
  EXPECT_EQ(ledger_->audit[0].what, "submit");
  EXPECT_EQ(ledger_->audit[0].subject, kOwnQueue);
  EXPECT_EQ(ledger_->audit[0].detail, "2 x core.echo");
  EXPECT_EQ(ledger_->audit[0].letters, 0);
}

TEST_F(WorkTest, AnyOtherQueueIsReachedByItsName) {
  const auto work = MakeWork();
  Json(work->Submit(R"({"queue":"work","action":"a","worker_id":"w"})", kOtto));
  ASSERT_THAT(ledger_->submitted, SizeIs(1));
  EXPECT_EQ(ledger_->submitted[0].address, (Address{"", "work"}));
  EXPECT_EQ(ledger_->submitted[0].worker_id, "w");
  EXPECT_EQ(ledger_->submitted[0].payload_json, "{}");
  EXPECT_EQ(ledger_->submitted[0].ttl, std::nullopt);
}

TEST_F(WorkTest, ARedactedActionIsNotInTheAudit) {
  const auto work = MakeWork({.redaction = Hiding("/payload/action_ref")});
  Json(work->Submit(R"({"queue":"work","action":"secret.act"})", kOtto));
  EXPECT_EQ(ledger_->audit.at(0).detail, "1 x ***");
  EXPECT_EQ(ledger_->submitted.at(0).action_ref, "secret.act");
}

struct BadRequest {
  std::string json;
  OperationFault fault;
  std::string message;
};

TEST_F(WorkTest, WhatIsNoSubmissionIsToldAndRecordsNothing) {
  const auto work = MakeWork();
  const auto bad = OperationFault::kBadRequest;
  const auto not_to_be_had = OperationFault::kUnacceptable;
  for (const auto& [json, fault, message] :
       {BadRequest{"", bad, "the body is not JSON"}, BadRequest{"[]", bad, "must be a JSON object"},
        BadRequest{"{}", bad, "must have a string in queue"},
        BadRequest{R"({"queue":"work"})", bad, "must have a string in action"},
        BadRequest{R"({"queue":7,"action":"a"})", bad, "must have a string in queue"},
        BadRequest{R"({"queue":"work","action":"a","ttl":"5m"})", bad,
                   "unknown member 'ttl': there are queue, action, payload, ttl_ms"},
        BadRequest{R"({"queue":"work","action":"a","ttl_ms":1.5})", bad,
                   "ttl_ms must be a whole number from 0 to 4233600000"},
        BadRequest{R"({"queue":"work","action":"a","count":0})", bad,
                   "count must be a whole number from 1 to 1000"},
        BadRequest{R"({"queue":"work","action":"a","count":1001})", bad, "from 1 to 1000"},
        BadRequest{R"({"queue":"work","action":"a","worker_id":7})", bad, "a string in worker_id"},
        BadRequest{R"({"queue":"work","action":""})", not_to_be_had, "action has 1 to 1024 bytes"},
        BadRequest{R"({"queue":"a\u0000","action":"a"})", not_to_be_had, "none of them NUL"},
        BadRequest{R"({"queue":"work","action":"a","count":1000,"payload":")" +
                       std::string(20'000, 'p') + R"("})",
                   not_to_be_had, "submit fewer at once"},
        BadRequest{R"({"queue":"nowhere","action":"a"})", OperationFault::kNotFound,
                   "there is no queue 'nowhere'"}}) {
    ExpectFault(work->Submit(json, kOtto), fault, message);
  }
  EXPECT_THAT(ledger_->submitted, IsEmpty());
  EXPECT_THAT(ledger_->audit, IsEmpty());
}

TEST_F(WorkTest, NothingIsSubmittedToADeadLetterQueue) {
  WorkOptions options;
  options.topology.dead_letter_queues = {"other.dlq"};
  const auto work = MakeWork(std::move(options));
  for (const std::string queue : {"attune.dlx.queue", "attune.dlx.unrouted.queue", "other.dlq"}) {
    queues_->Declare(queue);
    ExpectFault(work->Submit(R"({"action":"a","queue":")" + queue + "\"}", kOtto),
                OperationFault::kUnacceptable, "'" + queue + "' is a dead letter queue");
  }
  EXPECT_THAT(ledger_->submitted, IsEmpty());
}

TEST_F(WorkTest, P3_TheSameKeyForTheSameSubmissionIsAnsweredAsBefore) {
  int told = 0;
  const auto work = MakeWork({.submitted = [&told] { ++told; }});
  const std::string json = R"({"queue":"work","action":"a","count":2})";
  const auto first = work->Submit(json, kOtto, "k-1");
  ASSERT_TRUE(first) << first.error().message;
  queues_->Fail(BrokerError{BrokerFault::kUnreachable, "disk full"});
  EXPECT_EQ(work->Submit(json, kOtto, "k-1").value(), *first) << "whatever has happened since";
  queues_->Fail(std::nullopt);
  EXPECT_THAT(ledger_->submitted, SizeIs(2));
  EXPECT_THAT(ledger_->audit, SizeIs(1));
  EXPECT_EQ(told, 1);
  ExpectFault(work->Submit(json + " ", kOtto, "k-1"), OperationFault::kUnacceptable,
              "something else was submitted with this Idempotency-Key");
  // Another key, another caller, and none at all.
  EXPECT_NE(work->Submit(json, kOtto, "k-2").value(), *first);
  EXPECT_NE(work->Submit(json, test::kChief, "k-1").value(), *first);
  EXPECT_NE(work->Submit(json, kOtto).value(), *first);
}

TEST_F(WorkTest, AKeyOfWhatWasNotRecordedIsFree) {
  const auto work = MakeWork();
  const std::string json = R"({"queue":"work","action":"a"})";
  ledger_->audit_error = LedgerError{LedgerFault::kInDoubt, "", "no answer"};
  ExpectFault(work->Submit(json, kOtto, "k"), OperationFault::kUnavailable,
              "with the same Idempotency-Key it does no harm");
  ledger_->audit_error.reset();
  EXPECT_TRUE(work->Submit(R"({"queue":"work","action":"b"})", kOtto, "k"));
}

TEST_F(WorkTest, WhetherASubmissionWasRecordedIsTold) {
  const auto work = MakeWork();
  const std::string json = R"({"queue":"work","action":"a"})";
  ledger_->executions_error = LedgerError{LedgerFault::kInDoubt, "08006", "no answer"};
  ExpectFault(work->Submit(json, kOtto), OperationFault::kUnavailable,
              "whether it was recorded is not known, look before you try again");
  ledger_->executions_error = LedgerError{LedgerFault::kUnavailable, "", "no file"};
  ExpectFault(work->Submit(json, kOtto), OperationFault::kUnavailable, "nothing was changed");
  ledger_->executions_error.reset();
  queues_->Fail(BrokerError{BrokerFault::kUnreachable, "disk full"});
  ExpectFault(work->Submit(json, kOtto), OperationFault::kUnavailable, "disk full");
  EXPECT_THAT(ledger_->submitted, IsEmpty());
}

TEST_F(WorkTest, WhoObservesSubmitsNothingAndTouchesNoExecution) {
  WorkPorts ports = test::WorkPortsOver(queues_, ledger_);
  ports.executions = nullptr;
  Work work(std::move(ports), {.clock = clock_});
  ExpectFault(work.Submit(R"({"queue":"work","action":"a"})", kOtto), OperationFault::kConflict,
              "executions.mode is \"observe\"");
  queues_->Send("work", RequestFor("1"));
  const auto given = Json(Lease(work, "work", ""));
  EXPECT_TRUE(given.at("deliveries").at(0).at("execution_status").is_null());
  const std::string id(given.at("deliveries").at(0).at("id").as_string());
  ExpectFault(work.Acknowledge(id, R"({"result":1})"), OperationFault::kConflict,
              "acknowledge without result and status");
  EXPECT_EQ(Json(work.Acknowledge(id, "")).at("acknowledged"), true);
}

// ---- stopping

// Stands still in Submit() until it is aborted.
class StandingExecutions final : public KeyedExecutions {
 public:
  LedgerResult<std::vector<ExecutionId>> Submit(std::span<const NewExecution>, Instant,
                                                const std::optional<AuditEntry>&) override {
    asked = true;
    asked.notify_all();
    aborted_.wait(false);
    return Unexpected<LedgerError>({LedgerFault::kUnavailable, "", "ended"});
  }
  LedgerResult<std::optional<KeyedSubmission>> FindKeyed(const std::string&, const std::string&,
                                                         Instant) override {
    return std::nullopt;
  }
  LedgerResult<KeyedSubmission> SubmitKeyed(std::span<const NewExecution> executions, Instant now,
                                            const std::optional<AuditEntry>& audit,
                                            const SubmissionKey&) override {
    return Unexpected<LedgerError>(Submit(executions, now, audit).error());
  }
  LedgerResult<std::optional<ExecutionRow>> Find(const ExecutionId&) override {
    return std::nullopt;
  }
  LedgerResult<std::optional<ExecutionStanding>> FindStanding(const ExecutionId&,
                                                              const MessageAttempt&) override {
    return std::nullopt;
  }
  LedgerResult<bool> FinishIfFailable(const ExecutionId&, const MessageAttempt&, const std::string&,
                                      const std::string&) override {
    return false;
  }
  void Abort() override {
    aborted_ = true;
    aborted_.notify_all();
  }

  std::atomic<bool> asked = false;

 private:
  std::atomic<bool> aborted_ = false;
};

TEST_F(WorkTest, P3_OfTwoWithTheSameKeyAtOnceTheSecondIsToldSo) {
  WorkPorts ports = test::WorkPortsOver(queues_, ledger_);
  auto standing = std::make_unique<StandingExecutions>();
  StandingExecutions& executions = *standing;
  ports.executions = std::move(standing);
  Work work(std::move(ports), {.clock = clock_});
  const std::string json = R"({"queue":"work","action":"a"})";
  std::jthread first([&] { EXPECT_FALSE(work.Submit(json, kOtto, "k")); });
  executions.asked.wait(false);
  ExpectFault(work.Submit(json, kOtto, "k"), OperationFault::kConflict,
              "a submission with this Idempotency-Key is under way");
  executions.Abort();
  first.join();
  ExpectFault(work.Submit(json, kOtto, "k"), OperationFault::kUnavailable, "ended");
}

TEST_F(WorkTest, ClosingEndsACallThatTheLedgerDoesNotAnswerAndThoseThatWaitForTheirTurn) {
  WorkPorts ports = test::WorkPortsOver(queues_, ledger_);
  auto standing = std::make_unique<StandingExecutions>();
  const StandingExecutions& executions = *standing;
  ports.executions = std::move(standing);
  Work work(std::move(ports), {.clock = clock_});
  const auto submit = [&] {
    ExpectFault(work.Submit(R"({"queue":"work","action":"a"})", kOtto),
                OperationFault::kUnavailable, "");
  };
  std::jthread first(submit);
  executions.asked.wait(false);
  std::jthread second(submit);
  work.Close(std::chrono::steady_clock::now());
  first.join();
  second.join();
  queues_->Send("work", "x");
  ExpectFault(work.Submit(R"({"queue":"work","action":"a"})", kOtto), OperationFault::kUnavailable,
              "the server is stopping");
  ExpectFault(work.Acknowledge("1-2", ""), OperationFault::kUnavailable, "the server is stopping");
  ExpectFault(work.Reject("1-2", ""), OperationFault::kUnavailable, "the server is stopping");
  ExpectFault(work.Extend("1-2", ""), OperationFault::kUnavailable, "the server is stopping");
  ExpectFault(Lease(work, "work", ""), OperationFault::kUnavailable, "the server is stopping");
}

}  // namespace
}  // namespace deadletter
