#include "letter/failure.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <utility>

#include "base/rfc3339.h"
#include "base/text.h"

namespace deadletter {
namespace {

// Room for every honest name; a hostile one cannot swell the row, the event or a trigger's
// notification.
constexpr std::size_t kMaxShownBytes = 200;

struct Words {
  std::string_view error;
  std::string_view what;    // "Execution expired in worker queue" + " (worker_id: 7)" + "."
  std::string_view how;     // why that happened, as far as the broker knows
  std::string_view likely;  // said where the worker is known
};

Words WordsFor(Reason reason) {
  switch (reason) {
    case Reason::kExpired:
      return {"Worker queue TTL expired", "Execution expired in worker queue",
              "Worker did not process the execution within the configured TTL.",
              "This typically indicates the worker is unavailable or overloaded."};
    case Reason::kRejected:
      return {"Rejected by worker", "Execution rejected in worker queue",
              "Worker received the execution and refused it without asking for it again.",
              "This typically indicates the worker could not read or start the execution."};
    case Reason::kMaxlen:
      return {"Worker queue overflow", "Execution dropped from worker queue",
              "The queue was longer than its configured limit allows.",
              "This typically indicates the worker is unavailable or overloaded."};
    case Reason::kDeliveryLimit:
      return {"Delivery limit exceeded", "Execution given up in worker queue",
              "Worker was given the execution more often than the queue's delivery limit allows "
              "and never "
              "finished with it.",
              "This typically indicates the worker crashes or loses its connection while it "
              "processes the "
              "execution."};
    case Reason::kUnknown:
      return {"Dead-lettered for an unknown reason", "Execution dead-lettered from worker queue",
              "Nothing in the message tells why.",
              "This typically indicates something other than the broker moved the message."};
  }
  std::unreachable();
}

std::string MessageFor(const Words& words, const std::optional<std::string>& worker) {
  if (!worker) return fmt::format("{}. {}", words.what, words.how);
  return fmt::format("{} (worker_id: {}). {} {}", words.what, *worker, words.how, words.likely);
}

std::string ShownJson(std::string_view text) {
  return JsonString(DisplayText(text, kMaxShownBytes));
}

std::string ShownJsonOrNull(const std::optional<std::string>& text) {
  return text ? ShownJson(*text) : "null";
}

bool IsCanonicalInteger(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && std::to_string(number) == text;
}

std::string WorkerJson(const std::optional<std::string>& worker_id) {
  return worker_id && IsCanonicalInteger(*worker_id) ? *worker_id : ShownJsonOrNull(worker_id);
}

std::string QueueJson(const std::string& queue) {
  return queue.empty() ? "null" : ShownJson(queue);
}

}  // namespace

Failure DescribeFailure(const Letter& letter) {
  const Words words = WordsFor(letter.reason);
  std::optional<std::string> worker;
  if (letter.worker_id) worker = DisplayText(*letter.worker_id, kMaxShownBytes);

  Failure failure;
  failure.error = words.error;
  failure.message = MessageFor(words, worker);
  failure.result_json = fmt::format(
      R"({{"error":{},"message":{},"expired_at":"{}","reason":"{}","queue":{},"worker_id":{},"deaths":{},)"
      R"("letter_id":"{}","failed_by":"deadletter"}})",
      JsonString(failure.error), JsonString(failure.message), FormatRfc3339(letter.ExpiredAt()),
      ReasonName(letter.reason), QueueJson(letter.queue), WorkerJson(letter.worker_id),
      letter.history.total, FormatUuid(letter.id.value()));
  return failure;
}

EventParts ComposeEvent(const Letter& letter, const Failure& failure,
                        std::string_view failed_status, Uuid message_id, Instant completed_at) {
  const std::string time = FormatRfc3339(completed_at);
  EventParts event;
  event.message_id = message_id;
  event.before_action = fmt::format(
      R"({{"message_id":"{}","correlation_id":{},"message_type":"ExecutionCompleted","version":"1.0",)"
      R"("timestamp":"{}","headers":{{"source_service":"deadletter","retry_count":0,"trace_id":null}},)"
      R"("payload":{{"execution_id":{},)",
      FormatUuid(message_id), ShownJsonOrNull(letter.correlation_id), time,
      letter.execution_id ? letter.execution_id->ToJson() : "null");
  event.after_action = fmt::format(R"(,"status":{},"result":{},"completed_at":"{}"}}}})",
                                   JsonString(failed_status), failure.result_json, time);
  return event;
}

std::string ActionMembers(const std::optional<std::string>& action_id_json,
                          const std::optional<std::string>& action_ref) {
  constexpr std::size_t kWhole = std::numeric_limits<std::size_t>::max();
  return fmt::format(R"("action_id":{},"action_ref":{})", action_id_json.value_or("0"),
                     action_ref ? JsonString(DisplayText(*action_ref, kWhole)) : "null");
}

}  // namespace deadletter
