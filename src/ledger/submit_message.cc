#include "ledger/submit_message.h"

#include <charconv>
#include <string>
#include <string_view>

#include "base/rfc3339.h"
#include "base/text.h"

namespace deadletter {
namespace {

constexpr std::uint8_t kPersistent = 2;

Properties PersistentJson(const Uuid& message_id) {
  Properties properties;
  properties.content_type = "application/json";
  properties.delivery_mode = kPersistent;
  properties.message_id = FormatUuid(message_id);
  return properties;
}

// "7" is a number's own spelling, "07" and "seven" are not.
std::string WorkerJson(const std::string& worker_id) {
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(worker_id.data(), worker_id.data() + worker_id.size(), number);
  const bool is_number = error == std::errc{} && std::to_string(number) == worker_id;
  return is_number ? worker_id : JsonString(worker_id);
}

}  // namespace

OutboxMessage ComposeSubmission(const NewExecution& execution, const ExecutionId& id,
                                std::optional<Instant> updated, Instant now) {
  const Uuid message_id = RandomUuid();
  OutboxMessage outgoing{.address = execution.address, .message = {}};
  outgoing.message.properties = PersistentJson(message_id);
  outgoing.message.properties.type = "ExecutionRequested";
  if (execution.ttl)
    outgoing.message.properties.expiration = std::to_string(execution.ttl->count());

  std::string& body = outgoing.message.body;
  body = R"({"message_id":")" + FormatUuid(message_id) +
         R"(","message_type":"ExecutionRequested","version":"1.0","timestamp":")" +
         FormatRfc3339(now) +
         R"(","headers":{"source_service":"deadletter"},"payload":{"execution_id":)" + id.ToJson();
  if (execution.worker_id) body += R"(,"worker_id":)" + WorkerJson(*execution.worker_id);
  body += R"(,"action_ref":)" + JsonString(execution.action_ref);
  body += R"(,"config":)" + execution.payload_json;
  if (updated) body += R"(,"scheduled_attempt_updated_at":")" + FormatRfc3339(*updated) + "\"";
  body += "}}";
  return outgoing;
}

Properties EventProperties(const Uuid& message_id) {
  Properties properties = PersistentJson(message_id);
  properties.type = "ExecutionCompleted";
  return properties;
}

}  // namespace deadletter
