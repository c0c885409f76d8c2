// What workers are given.
#include <stop_token>
#include <thread>

#include "operations/body_json.h"
#include "operations/work_test_fixture.h"

namespace deadletter {
namespace {

using namespace std::chrono_literals;
using test::kChief;
using test::kOtto;
using test::RequestFor;
using test::WorkTest;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(WorkTest, AWorkerIsGivenTheWholeMessageAndWhatWasReadOfIt) {
  AddExecutions(5);
  const auto work = MakeWork();
  queues_->Send(
      "work",
      RequestFor("5", R"(,"worker_id":7,"action_ref":"core.echo","n":123456789012345678901,)"
                      R"("scheduled_attempt_updated_at":"2026-11-23T19:57:03Z")"));
  const auto given = Json(Lease(*work, "work", R"({"max":10,"lease":30})"));
  ASSERT_THAT(given.at("deliveries").as_array(), SizeIs(1));
  const auto& delivery = given.at("deliveries").at(0);
  EXPECT_EQ(delivery.at("queue"), "work");
  EXPECT_EQ(delivery.at("execution_id"), "5");
  EXPECT_EQ(delivery.at("execution_status"), "scheduled");
  EXPECT_EQ(delivery.at("action"), "core.echo");
  EXPECT_EQ(delivery.at("worker_id"), "7");
  EXPECT_EQ(delivery.at("type"), "ExecutionRequested");
  EXPECT_EQ(delivery.at("attempt"), "2026-11-23T19:57:03.000000Z");
  EXPECT_EQ(delivery.at("until"), "2023-11-14T22:13:50.000000Z");
  EXPECT_EQ(delivery.at("redelivered"), false);
  EXPECT_EQ(delivery.at("delivery_count"), 0);
  EXPECT_TRUE(delivery.at("headers").is_object());
  EXPECT_EQ(delivery.at("body").at("encoding"), "json");
  EXPECT_EQ(delivery.at("body").at("value").at("payload").at("execution_id"), 5);
  EXPECT_THAT(ledger_->audit, IsEmpty()) << "nothing is redacted here";
}

TEST_F(WorkTest, ABodyIsGivenAsItIsAndNeverCut) {
  const std::string number = "[123456789012345678901234567890]";
  EXPECT_EQ(WholeBodyJson(number), R"({"encoding":"json","value":)" + number + "}");
  EXPECT_EQ(WholeBodyJson("\xff"), R"({"encoding":"base64","value":"/w=="})");
  EXPECT_EQ(WholeBodyJson(""), R"({"encoding":"text","value":""})");
  const std::string large(3 * kMaxShownBodyBytes, 't');
  EXPECT_EQ(WholeBodyJson(large), R"({"encoding":"text","value":")" + large + "\"}");
  const std::string quoted = '"' + large + '"';
  EXPECT_EQ(WholeBodyJson(quoted), R"({"encoding":"json","value":)" + quoted + "}");
}

TEST_F(WorkTest, P9_AnAnswerHoldsNoMoreThanAsManyAndAsMuchAsIsAllowed) {
  const auto work = MakeWork();
  for (int count = 0; count < 3; ++count) queues_->Send("work", "small");
  queues_->Send("work", std::string(kMaxLeasedBytes + 1, 'L'));
  EXPECT_THAT(Json(Lease(*work, "work", R"({"max":2})")).at("deliveries").as_array(), SizeIs(2));
  EXPECT_THAT(Json(Lease(*work, "work", R"({"max":100})")).at("deliveries").as_array(), SizeIs(1));
  const auto alone = Json(Lease(*work, "work", R"({"max":100})"));
  ASSERT_THAT(alone.at("deliveries").as_array(), SizeIs(1));
  EXPECT_EQ(alone.at("deliveries").at(0).at("body").at("value").as_string().size(),
            kMaxLeasedBytes + 1);
  EXPECT_EQ(Lease(*work, "work", "{}").value(), R"({"deliveries":[]})");
}

TEST_F(WorkTest, WhoWaitsIsGivenWhatComes) {
  const auto work = MakeWork();
  std::jthread worker([&] {
    const auto given = Json(Lease(*work, "work", R"({"wait":20})"));
    EXPECT_THAT(given.at("deliveries").as_array(), SizeIs(1));
  });
  queues_->WaitForWaiters(1);
  queues_->Send("work", "at last");
  worker.join();
  EXPECT_EQ(queues_->Ready("work"), 0U);
}

TEST_F(WorkTest, P1_ForWhoHasHungUpNothingIsTaken) {
  const auto work = MakeWork();
  std::stop_source gone;
  std::jthread worker([&] {
    ExpectFault(Lease(*work, "work", R"({"wait":20})", kOtto, gone.get_token()),
                OperationFault::kUnavailable, "nothing is leased");
  });
  queues_->WaitForWaiters(1);
  gone.request_stop();
  worker.join();
  queues_->Send("work", "for another");
  ExpectFault(Lease(*work, "work", "{}", kOtto, gone.get_token()), OperationFault::kUnavailable,
              "nothing is leased");
  EXPECT_EQ(queues_->Ready("work"), 1U);
}

TEST_F(WorkTest, EndingTheWaitsTellsWhoWaitsAndLeavesTheRest) {
  const auto work = MakeWork();
  queues_->Send("work", "x");
  const std::string id = LeaseOne(*work);
  std::jthread worker([&] {
    ExpectFault(Lease(*work, "work", R"({"wait":20})"), OperationFault::kUnavailable,
                "the server is stopping");
  });
  queues_->WaitForWaiters(1);
  work->EndWaits();
  worker.join();
  ExpectFault(Lease(*work, "work", "{}"), OperationFault::kUnavailable, "the server is stopping");
  EXPECT_TRUE(work->Extend(id, ""));
  EXPECT_TRUE(work->Acknowledge(id, ""));
}

TEST_F(WorkTest, DeadLetterQueuesAreNobodysWork) {
  WorkOptions options;
  options.topology.dead_letter_queues = {"other.dlq"};
  const auto work = MakeWork(std::move(options));
  for (const char* queue : {"attune.dlx.queue", "attune.dlx.unrouted.queue", "other.dlq"}) {
    queues_->Send(queue, "a letter");
    ExpectFault(Lease(*work, queue, "{}", kChief), OperationFault::kConflict,
                "is a dead letter queue");
    EXPECT_EQ(queues_->Ready(queue), 1U);
  }
}

TEST_F(WorkTest, WhatIsNoLeaseIsToldAndTakesNothing) {
  const auto work = MakeWork();
  queues_->Send("work", "x");
  for (const auto& [json, message] :
       {std::pair{"[]", "must be a JSON object"}, std::pair{R"({"max":0})", "max must be"},
        std::pair{R"({"max":101})", "from 1 to 100"}, std::pair{R"({"lease":0})", "lease must be"},
        std::pair{R"({"lease":86401})", "from 1 to 86400"},
        std::pair{R"({"lease":"60"})", "lease must be a whole number"},
        std::pair{R"({"wait":21})", "wait must be a whole number from 0 to 20"},
        std::pair{R"({"queue":"work"})", "unknown member 'queue': there are max, lease, wait"}}) {
    ExpectFault(Lease(*work, "work", json), OperationFault::kBadRequest, message);
  }
  ExpectFault(Lease(*work, "nowhere", "{}"), OperationFault::kNotFound,
              "there is no queue 'nowhere'");
  EXPECT_EQ(queues_->Ready("work"), 1U);
}

TEST_F(WorkTest, P8_WhereSomethingIsRedactedALeaseIsAnAdminsAndAudited) {
  const auto work = MakeWork({.redaction = Hiding("/payload/password")});
  queues_->Send("work", R"({"payload":{"password":"S3cret"}})");
  ExpectFault(Lease(*work, "work", "{}", kOtto), OperationFault::kForbidden,
              "that needs the role admin, and 'otto' is operator");
  EXPECT_THAT(ledger_->audit, IsEmpty());
  const auto given = Lease(*work, "work", R"({"max":5})", kChief);
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_THAT(*given, HasSubstr("S3cret"));
  ASSERT_THAT(ledger_->audit, SizeIs(1));
  EXPECT_EQ(ledger_->audit[0].who, "anna");
  EXPECT_EQ(ledger_->audit[0].what, "lease");
  EXPECT_EQ(ledger_->audit[0].subject, "work");
  EXPECT_EQ(ledger_->audit[0].letters, 1);
  EXPECT_EQ(Lease(*work, "work", "{}", kChief).value(), R"({"deliveries":[]})");
  EXPECT_THAT(ledger_->audit, SizeIs(1)) << "nothing was given";
}

TEST_F(WorkTest, P1_P8_WithoutTheAuditNothingIsGivenAndNothingCountsAsADelivery) {
  const auto work = MakeWork({.redaction = Hiding("/payload/password")});
  queues_->Send("work", "S3cret 1");
  queues_->Send("work", "S3cret 2");
  ledger_->audit_error = LedgerError{LedgerFault::kUnavailable, "", "no file"};
  const auto refused = Lease(*work, "work", R"({"max":5})", kChief);
  ExpectFault(refused, OperationFault::kUnavailable,
              "nothing is leased that the audit does not have");
  EXPECT_EQ(queues_->Ready("work"), 2U);
  ledger_->audit_error.reset();
  const auto given = Json(Lease(*work, "work", R"({"max":5})", kChief));
  ASSERT_THAT(given.at("deliveries").as_array(), SizeIs(2));
  EXPECT_EQ(given.at("deliveries").at(0).at("redelivered"), false);
}

TEST_F(WorkTest, P3_WhatCannotBeKnownToBeUndoneIsNotGiven) {
  AddExecutions(2);
  const auto work = MakeWork({.redaction = Hiding("/payload/password")});
  ledger_->executions_error = LedgerError{LedgerFault::kUnavailable, "", "no file"};
  queues_->Send("work", RequestFor("1"));
  queues_->Send("work", RequestFor("2"));
  ExpectFault(Lease(*work, "work", R"({"max":2})", kChief), OperationFault::kUnavailable,
              "nothing is leased while nobody knows how its execution stands: ");
  EXPECT_EQ(queues_->Ready("work"), 2U);
  EXPECT_THAT(ledger_->audit, IsEmpty()) << "nothing was given";
  ledger_->executions_error.reset();
  const auto given = Json(Lease(*work, "work", R"({"max":2})", kChief));
  ASSERT_THAT(given.at("deliveries").as_array(), SizeIs(2));
  EXPECT_EQ(given.at("deliveries").at(0).at("redelivered"), false);
}

TEST_F(WorkTest, ALedgerThatIsBusyForAMomentIsAskedAgain) {
  AddExecutions(2);
  const auto work = MakeWork();
  queues_->Send("work", RequestFor("1"));
  queues_->Send("work", RequestFor("2"));
  ledger_->busy_finds = 3;
  const auto given = Json(Lease(*work, "work", R"({"max":2})"));
  ASSERT_THAT(given.at("deliveries").as_array(), SizeIs(2));
  for (const auto& delivery : given.at("deliveries").as_array())
    EXPECT_EQ(delivery.at("execution_status"), "scheduled");
}

TEST_F(WorkTest, P9_WithoutRoomForTheAnswerNothingIsTaken) {
  const auto work = MakeWork();
  queues_->Send("work", "x");
  std::vector<std::size_t> asked;
  std::size_t refused = 0;
  const KeepRoom keep = [&](std::size_t bytes) {
    asked.push_back(bytes);
    return asked.size() != refused;
  };
  // Before anything is taken, and again when it is known how large the answer is.
  for (refused = 1; refused <= 2; ++refused) {
    asked.clear();
    ExpectFault(work->LeaseDeliveries("work", "{}", kOtto, {}, keep), OperationFault::kUnavailable,
                "nothing is leased: too many large answers wait for slow readers");
    EXPECT_EQ(queues_->Ready("work"), 1U);
  }
  asked.clear();
  const auto given = work->LeaseDeliveries("work", "{}", kOtto, {}, keep);
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(Json(given).at("deliveries").at(0).at("redelivered"), false);
  EXPECT_THAT(asked, testing::ElementsAre(kMaxLeasedBytes, given->size()));
}

}  // namespace
}  // namespace deadletter
