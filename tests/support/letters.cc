#include "tests/support/letters.h"

#include <atomic>
#include <utility>

#include "base/rfc3339.h"
#include "base/text.h"

namespace deadletter::test {
namespace {

LetterKey NumberedKey(std::uint64_t number) {
  std::array<std::uint8_t, 24> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes.at(23 - i) = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return LetterKey(bytes);
}

LetterKey FreshKey() {
  static std::atomic<std::uint64_t> next{std::uint64_t{1} << 32};
  return NumberedKey(next++);
}

}  // namespace

LetterBuilder::LetterBuilder() : LetterBuilder(ExecutionId(std::int64_t{1})) {}

LetterBuilder::LetterBuilder(ExecutionId execution_id) {
  letter_.id = LetterId(TimeOrderedUuid(Now()));
  letter_.kind = LetterKind::kExecutionRequest;
  letter_.key = FreshKey();
  letter_.message_id = FormatUuid(RandomUuid());
  letter_.type = "ExecutionRequested";
  letter_.action = "core.echo";
  letter_.worker_id = "7";
  letter_.execution_id = std::move(execution_id);
  letter_.reason = Reason::kExpired;
  letter_.queue = "worker.7.executions";
  letter_.exchange = "attune.executions";
  letter_.routing_key = "execution.dispatch.worker.7";
  letter_.died_at = Instant(std::chrono::seconds(1'795'000'000));
  letter_.history.total = 1;
  letter_.delivery.dead_letter_queue = "attune.dlx.queue";
  letter_.delivery.exchange = "attune.dlx";
  letter_.delivery.routing_key = letter_.routing_key;
  letter_.delivery.received_at = Now();
  letter_.delivery.message.properties.content_type = "application/json";
  letter_.delivery.message.body =
      R"({"message_type":"ExecutionRequested","payload":{"execution_id":)" +
      letter_.execution_id->ToJson() + "}}";
}

LetterBuilder& LetterBuilder::Body(std::string bytes) {
  letter_.delivery.message.body = std::move(bytes);
  return *this;
}

LetterBuilder& LetterBuilder::Header(std::string name, FieldValue value) {
  letter_.delivery.message.headers.entries.push_back({std::move(name), std::move(value)});
  return *this;
}

LetterBuilder& LetterBuilder::Type(std::optional<std::string> type) {
  letter_.type = std::move(type);
  return *this;
}

LetterBuilder& LetterBuilder::Action(std::optional<std::string> action) {
  letter_.action = std::move(action);
  return *this;
}

LetterBuilder& LetterBuilder::MessageId(std::optional<std::string> id) {
  letter_.message_id = std::move(id);
  return *this;
}

LetterBuilder& LetterBuilder::WorkerId(std::optional<std::string> id) {
  letter_.worker_id = std::move(id);
  return *this;
}

LetterBuilder& LetterBuilder::Queue(std::string queue) {
  letter_.queue = std::move(queue);
  return *this;
}

LetterBuilder& LetterBuilder::RoutingKey(std::string key) {
  letter_.routing_key = std::move(key);
  return *this;
}

LetterBuilder& LetterBuilder::DiedOf(Reason reason) {
  letter_.reason = reason;
  return *this;
}

LetterBuilder& LetterBuilder::ReceivedAt(Instant at) {
  letter_.delivery.received_at = at;
  return *this;
}

LetterBuilder& LetterBuilder::Group(std::uint8_t first_byte) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[0] = first_byte;
  letter_.group = GroupId(bytes);
  return *this;
}

LetterBuilder& LetterBuilder::Attempt(Instant updated, Microseconds width) {
  letter_.attempt = AttemptWindow{.from = updated, .until = updated + width};
  return *this;
}

LetterBuilder& LetterBuilder::Replay(ReplayId id) {
  letter_.replay_id = id;
  return *this;
}

LetterBuilder& LetterBuilder::Key(std::uint64_t number) {
  letter_.key = NumberedKey(number);
  return *this;
}

LetterBuilder& LetterBuilder::NoKey() {
  letter_.key.reset();
  return *this;
}

LetterBuilder& LetterBuilder::Redelivered() {
  letter_.delivery.redelivered = true;
  return *this;
}

LetterBuilder& LetterBuilder::Malformed(Malformation malformation) {
  letter_.kind = LetterKind::kMalformed;
  letter_.malformation = malformation;
  letter_.execution_id.reset();
  return *this;
}

Judgement Fails(Letter letter, const std::string& failed_status) {
  Judgement judgement;
  judgement.failure.error = "Worker queue TTL expired";
  judgement.failure.message = "Execution expired in worker queue (worker_id: 7).";
  judgement.failure.result_json = R"({"error":"Worker queue TTL expired","letter_id":")" +
                                  FormatUuid(letter.id.value()) + R"("})";
  judgement.event.address = {.exchange = "attune.executions", .routing_key = "execution.completed"};
  judgement.event.message_id = RandomUuid();
  judgement.event.before_action =
      R"({"message_id":")" + FormatUuid(judgement.event.message_id) +
      R"(","message_type":"ExecutionCompleted","payload":{"execution_id":)" +
      (letter.execution_id ? letter.execution_id->ToJson() : "null") + ",";
  judgement.event.after_action = R"(,"status":)" + JsonString(failed_status) + R"(,"result":)" +
                                 judgement.failure.result_json + R"(,"completed_at":")" +
                                 FormatRfc3339(Now()) + R"("}})";
  judgement.try_again_at = letter.delivery.received_at + std::chrono::seconds(5);
  judgement.letter = std::move(letter);
  return judgement;
}

Judgement Fails(const LetterBuilder& letter, const std::string& failed_status) {
  return Fails(letter.Build(), failed_status);
}

Judgement Ends(Letter letter, Outcome outcome, std::string detail) {
  Judgement judgement = Fails(std::move(letter));
  judgement.fixed = FixedOutcome{.outcome = outcome, .detail = std::move(detail)};
  return judgement;
}

Judgement Retries(Letter letter, ReplayId replay_id, Instant at) {
  Judgement judgement;
  judgement.letter = std::move(letter);
  judgement.try_again_at = Now() + std::chrono::minutes(1);
  RetryMessage retry;
  retry.replay_id = replay_id;
  retry.at = at;
  retry.address = {.exchange = judgement.letter.exchange,
                   .routing_key = judgement.letter.routing_key};
  retry.message.properties.message_id = FormatUuid(RandomUuid());
  retry.message.properties.content_type = "application/json";
  retry.message.headers.entries.push_back(
      {"deadletter-replay-id", FieldValue{FormatUuid(replay_id.value())}});
  judgement.rule = "try again";
  judgement.retry = std::move(retry);
  return judgement;
}

Judgement Again(Judgement original, const DueLetter& due) {
  original.letter.id = due.id;
  original.fixed.reset();
  return original;
}

ReplayId NewReplayId() {
  return ReplayId(RandomUuid());
}

Instant Now() {
  return SystemClock().Now();
}

}  // namespace deadletter::test
