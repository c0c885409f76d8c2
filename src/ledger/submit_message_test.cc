#include "ledger/submit_message.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>

namespace deadletter {
namespace {

namespace json = boost::json;

constexpr Instant kNow{std::chrono::seconds(1'795'000'000)};

NewExecution OnWorker(std::optional<std::string> worker_id) {
  NewExecution execution;
  execution.action_ref = "core.\"echo\"";
  execution.worker_id = std::move(worker_id);
  execution.payload_json = R"({"text":"hello"})";
  execution.address = {.exchange = "e", .routing_key = "k"};
  return execution;
}

json::object Body(const OutboxMessage& outgoing) {
  return json::parse(outgoing.message.body).as_object();
}

TEST(ComposeSubmission, IsAnExecutionRequestWithTheRowsAttemptStamp) {
  const auto updated = kNow + std::chrono::microseconds(123'456);
  const auto outgoing =
      ComposeSubmission(OnWorker("7"), ExecutionId(std::int64_t{5}), updated, kNow);
  const auto body = Body(outgoing);
  EXPECT_EQ(body.at("message_type"), "ExecutionRequested");
  EXPECT_EQ(body.at("version"), "1.0");
  EXPECT_EQ(body.at("timestamp"), "2026-11-18T11:06:40.000000Z");
  EXPECT_EQ(body.at("headers").at("source_service"), "deadletter");
  EXPECT_EQ(body.at("payload"),
            (json::object{{"execution_id", 5},
                          {"worker_id", 7},
                          {"action_ref", "core.\"echo\""},
                          {"config", json::object{{"text", "hello"}}},
                          {"scheduled_attempt_updated_at", "2026-11-18T11:06:40.123456Z"}}));
}

TEST(ComposeSubmission, TravelsPersistentUnderTheBodysMessageId) {
  const auto outgoing = ComposeSubmission(OnWorker("7"), ExecutionId(std::int64_t{5}), kNow, kNow);
  const Properties& properties = outgoing.message.properties;
  EXPECT_EQ(json::string_view(*properties.message_id), Body(outgoing).at("message_id").as_string());
  EXPECT_EQ(properties.delivery_mode, 2);
  EXPECT_EQ(properties.content_type, "application/json");
  EXPECT_EQ(properties.expiration, std::nullopt);
  EXPECT_EQ(outgoing.address, (Address{.exchange = "e", .routing_key = "k"}));
}

TEST(ComposeSubmission, GivesAPerMessageTtlInMilliseconds) {
  auto execution = OnWorker("7");
  execution.ttl = std::chrono::seconds(2);
  const auto outgoing = ComposeSubmission(execution, ExecutionId(std::int64_t{5}), kNow, kNow);
  EXPECT_EQ(outgoing.message.properties.expiration, "2000");
}

TEST(ComposeSubmission, LeavesOutWhatIsNotThere) {
  const auto body = Body(ComposeSubmission(OnWorker(std::nullopt), ExecutionId(std::string("a\"b")),
                                           std::nullopt, kNow));
  const auto& payload = body.at("payload").as_object();
  EXPECT_EQ(payload.at("execution_id"), "a\"b");
  EXPECT_FALSE(payload.contains("worker_id"));
  EXPECT_FALSE(payload.contains("scheduled_attempt_updated_at"));
}

TEST(ComposeSubmission, WritesAWorkerIdAsANumberOnlyWhereThatIsItsSpelling) {
  for (const auto* worker : {"07", "seven", "-", "99999999999999999999", ""}) {
    const auto body =
        Body(ComposeSubmission(OnWorker(worker), ExecutionId(std::int64_t{5}), kNow, kNow));
    EXPECT_EQ(body.at("payload").at("worker_id"), json::value(worker));
  }
}

TEST(EventProperties, ArePersistentJsonUnderTheStableId) {
  const Uuid id = RandomUuid();
  const Properties properties = EventProperties(id);
  EXPECT_EQ(properties.message_id, FormatUuid(id));
  EXPECT_EQ(properties.delivery_mode, 2);
  EXPECT_EQ(properties.content_type, "application/json");
}

}  // namespace
}  // namespace deadletter
