#include "letter/failure.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/rfc3339.h"
#include "base/text.h"

namespace deadletter {
namespace {

using namespace std::string_literals;

Letter ExpiredLetter() {
  Letter letter;
  letter.id = LetterId(ParseUuid("01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f").value());
  letter.kind = LetterKind::kExecutionRequest;
  letter.execution_id = ExecutionId(std::int64_t{42});
  letter.worker_id = "7";
  letter.reason = Reason::kExpired;
  letter.queue = "worker.7.executions";
  letter.history.total = 1;
  letter.died_at = ParseRfc3339("2026-11-23T12:00:00Z")->instant;
  return letter;
}

boost::json::value ParseJson(const std::string& json) {
  return boost::json::parse(json);
}

TEST(FailureWords, OfAnExpiredLetterAreTheContracts) {
  const Failure failure = DescribeFailure(ExpiredLetter());
  EXPECT_EQ(failure.error, "Worker queue TTL expired");
  EXPECT_EQ(failure.message,
            "Execution expired in worker queue (worker_id: 7). Worker did not process the "
            "execution within the "
            "configured TTL. This typically indicates the worker is unavailable or overloaded.");
  Letter letter = ExpiredLetter();
  letter.worker_id.reset();
  EXPECT_EQ(DescribeFailure(letter).message,
            "Execution expired in worker queue. Worker did not process the execution within the "
            "configured TTL.");
}

TEST(FailureWords, NameTheReason) {
  const std::pair<Reason, const char*> errors[] = {
      {Reason::kRejected, "Rejected by worker"},
      {Reason::kMaxlen, "Worker queue overflow"},
      {Reason::kDeliveryLimit, "Delivery limit exceeded"},
      {Reason::kUnknown, "Dead-lettered for an unknown reason"}};
  for (const auto& [reason, error] : errors) {
    Letter letter = ExpiredLetter();
    letter.reason = reason;
    EXPECT_EQ(DescribeFailure(letter).error, error);
    EXPECT_NE(DescribeFailure(letter).message.find(" (worker_id: 7). "), std::string::npos);
    EXPECT_EQ(DescribeFailure(letter).message.find("TTL"), std::string::npos) << error;
    letter.worker_id.reset();
    EXPECT_EQ(DescribeFailure(letter).message.find("worker_id"), std::string::npos);
    EXPECT_EQ(DescribeFailure(letter).message.find("typically"), std::string::npos);
  }
}

TEST(FailureResult, HasExactlyTheContractsKeysInItsOrder) {
  EXPECT_EQ(
      DescribeFailure(ExpiredLetter()).result_json,
      R"({"error":"Worker queue TTL expired","message":"Execution expired in worker queue (worker_id: 7). )"
      R"(Worker did not process the execution within the configured TTL. This typically indicates the worker )"
      R"(is unavailable or overloaded.","expired_at":"2026-11-23T12:00:00.000000Z","reason":"expired",)"
      R"("queue":"worker.7.executions","worker_id":7,"deaths":1,)"
      R"("letter_id":"01938f2a-7c00-7b2e-9f2e-4a1c2b3d4e5f","failed_by":"deadletter"})");
}

TEST(FailureResult, WritesAWorkerAsTheNumberItIs) {
  const std::pair<std::optional<std::string>, const char*> workers[] = {
      {"7", "7"},
      {"-7", "-7"},
      {"9223372036854775807", "9223372036854775807"},
      {"9223372036854775808", "\"9223372036854775808\""},
      {"07", "\"07\""},
      {"-0", "\"-0\""},
      {"7 ", "\"7 \""},
      {"w-7", "\"w-7\""},
      {"", "\"\""},
      {std::nullopt, "null"}};
  for (const auto& [worker, json] : workers) {
    Letter letter = ExpiredLetter();
    letter.worker_id = worker;
    const std::string result = DescribeFailure(letter).result_json;
    EXPECT_NE(result.find(R"("worker_id":)"s + json + ","), std::string::npos) << result;
  }
}

TEST(FailureResult, SaysNullWhereTheQueueIsUnknownAndTheReceiptWhereTheDeathIs) {
  Letter letter = ExpiredLetter();
  letter.queue.clear();
  letter.died_at.reset();
  letter.delivery.received_at = ParseRfc3339("2026-11-23T12:34:56.789012Z")->instant;
  const auto result = ParseJson(DescribeFailure(letter).result_json);
  EXPECT_TRUE(result.at("queue").is_null());
  EXPECT_EQ(result.at("expired_at"), "2026-11-23T12:34:56.789012Z");
}

TEST(FailureResult, P9_StaysSmallPlainTextWhateverTheLetterHolds) {
  for (const std::string& hostile :
       {"a\0b"s, "\xFF\xFE"s, "\"},{\""s, "\n\x01\x7F"s, std::string(1 << 20, 'w'),
        std::string(1 << 20, '\x01'), std::string(1 << 20, '\0')}) {
    Letter letter = ExpiredLetter();
    letter.worker_id = hostile;
    letter.queue = hostile;
    letter.history.total = INT64_MAX;
    const Failure failure = DescribeFailure(letter);
    EXPECT_LE(failure.result_json.size(), 5'000u);
    EXPECT_LE(failure.message.size(), 600u);
    EXPECT_TRUE(IsUtf8(failure.message));
    EXPECT_EQ(failure.message.find('\0'), std::string::npos);
    EXPECT_EQ(failure.result_json.find("\\u0000"), std::string::npos);
    EXPECT_EQ(ParseJson(failure.result_json).as_object().size(), 9u);
  }
}

TEST(Events, P6_AreWholeEnvelopes) {
  Letter letter = ExpiredLetter();
  letter.correlation_id = "c-1";
  const Failure failure = DescribeFailure(letter);
  const Uuid id = ParseUuid("0d5be1f4-6f3c-4b2e-9f2e-4a1c2b3d4e5f").value();
  const Instant now = ParseRfc3339("2026-11-23T12:00:01.5Z")->instant;
  const EventParts event = ComposeEvent(letter, failure, "failed", id, now);
  EXPECT_EQ(event.message_id, id);
  EXPECT_EQ(
      event.before_action + ActionMembers("7", "core.echo") + event.after_action,
      R"({"message_id":"0d5be1f4-6f3c-4b2e-9f2e-4a1c2b3d4e5f","correlation_id":"c-1",)"
      R"("message_type":"ExecutionCompleted","version":"1.0","timestamp":"2026-11-23T12:00:01.500000Z",)"
      R"("headers":{"source_service":"deadletter","retry_count":0,"trace_id":null},)"
      R"("payload":{"execution_id":42,"action_id":7,"action_ref":"core.echo","status":"failed","result":)" +
          failure.result_json + R"(,"completed_at":"2026-11-23T12:00:01.500000Z"}})");
}

TEST(Events, SayNoughtAndNullWhereNothingIsKnown) {
  EXPECT_EQ(ActionMembers(std::nullopt, std::nullopt), R"("action_id":0,"action_ref":null)");
  Letter letter = ExpiredLetter();
  letter.execution_id = ExecutionId("job \"5\""s);
  const EventParts event =
      ComposeEvent(letter, DescribeFailure(letter), "fehl\"geschlagen", Uuid(), Instant());
  const auto json =
      ParseJson(event.before_action + ActionMembers("\"7\"", "a\xFF") + event.after_action);
  EXPECT_TRUE(json.at("correlation_id").is_null());
  EXPECT_EQ(json.at_pointer("/payload/execution_id"), "job \"5\"");
  EXPECT_EQ(json.at_pointer("/payload/action_id"), "7");
  EXPECT_EQ(json.at_pointer("/payload/action_ref"), "a\xEF\xBF\xBD");
  EXPECT_EQ(json.at_pointer("/payload/status"), "fehl\"geschlagen");
}

}  // namespace
}  // namespace deadletter
