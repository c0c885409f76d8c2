#include "operations/letter_json.h"

#include <fmt/format.h>

#include "base/rfc3339.h"
#include "base/text.h"
#include "letter/death.h"
#include "letter/field_json.h"
#include "operations/json_writer.h"
#include "operations/remarks.h"

namespace deadletter {
namespace {

constexpr std::size_t kMaxResultDepth = 64;
constexpr std::int64_t kLastYear9999Second =
    253'402'300'799;  // RFC 3339 has four digits for the year

// Headers are hostile: a time that no calendar has is null here; the number itself is in `headers`.
std::string DeathTime(const std::optional<std::int64_t>& seconds) {
  if (!seconds || *seconds < 0 || *seconds > kLastYear9999Second) return std::string(kJsonNull);
  return JsonString(FormatRfc3339(Instant(std::chrono::seconds(*seconds)), 0));
}

void AddSummary(JsonObject& object, const LetterSummary& letter) {
  object.Add("id", JsonString(FormatUuid(letter.id.value())))
      .Add("state", JsonString(LetterStateName(letter.state)))
      .Add("outcome", JsonString(OutcomeName(letter.outcome)))
      .Add("detail", KnownTextJson(letter.detail))
      .Add("reason", JsonString(ReasonName(letter.reason)))
      .Add("queue", KnownTextJson(letter.queue))
      .Add("dead_letter_queue", TextJson(letter.dead_letter_queue))
      .Add("exchange", TextJson(letter.exchange))
      .Add("routing_key", TextJson(letter.routing_key))
      .Add("deaths", fmt::to_string(letter.deaths))
      .Add("message_id", TextOrNull(letter.message_id))
      .Add("correlation_id", TextOrNull(letter.correlation_id))
      .Add("type", TextOrNull(letter.type))
      .Add("action", TextOrNull(letter.action))
      .Add("execution_id", TextOrNull(letter.execution_id))
      .Add("worker_id", TextOrNull(letter.worker_id))
      .Add("group", JsonString(ToHex(letter.group)))
      .Add("died_at", TimeJson(letter.died_at))
      .Add("received_at", TimeJson(letter.received_at))
      .Add("settled_at", TimeJson(letter.settled_at))
      .Add("redelivered", FlagJson(letter.redelivered))
      .Add("possible_duplicate", FlagJson(letter.possible_duplicate))
      .Add("size_bytes", fmt::to_string(letter.size_bytes))
      .Add("replays", fmt::to_string(letter.replays));
}

// A reason that we do not know is told as it was written.
std::string DeathReason(const Death& death) {
  if (death.reason == Reason::kUnknown && !death.reason_text.empty())
    return TextJson(death.reason_text);
  return JsonString(ReasonName(death.reason));
}

std::string DeathJson(const Death& death) {
  JsonArray keys;
  for (const std::string& key : death.routing_keys) keys.Add(TextJson(key));
  return JsonObject()
      .Add("reason", DeathReason(death))
      .Add("queue", TextJson(death.queue))
      .Add("exchange", TextJson(death.exchange))
      .Add("routing_keys", keys.Take())
      .Add("count", fmt::to_string(death.count))
      .Add("time", DeathTime(death.time_seconds))
      .Add("original_expiration", TextOrNull(death.original_expiration))
      .Take();
}

std::string DeathHistoryJson(const FieldTable& headers) {
  JsonArray deaths;
  for (const Death& death : ReadDeathHistory(headers).deaths) deaths.Add(DeathJson(death));
  return deaths.Take();
}

std::string ResultJson(const std::optional<std::string>& result) {
  if (!result) return std::string(kJsonNull);
  if (auto json = CompactJson(*result, kMaxResultDepth)) return std::move(*json);
  return JsonDisplay(*result, kMaxShownBodyBytes);
}

std::string HistoryJson(const std::vector<LetterStep>& history) {
  JsonArray steps;
  for (const LetterStep& step : history) {
    steps.Add(JsonObject()
                  .Add("at", TimeJson(step.at))
                  .Add("what", TextJson(step.what))
                  .Add("detail", KnownTextJson(step.detail))
                  .Take());
  }
  return steps.Take();
}

std::string NotesJson(const std::vector<Note>& notes) {
  JsonArray list;
  for (const Note& note : notes) list.Add(NoteJson(note));
  return list.Take();
}

std::string RedactedBodyJson(std::string_view body, std::string_view url,
                             const Redaction& redaction, std::size_t max_body_bytes) {
  if (redaction.HidesNothing()) return BodyJson(body, url, false, max_body_bytes);
  const auto masked = redaction.Mask(body);
  return masked ? BodyJson(masked->body, url, masked->hides, max_body_bytes) : HiddenBodyJson(url);
}

}  // namespace

std::string ExecutionJson(const std::optional<ExecutionRow>& row, bool hidden) {
  if (!row) return std::string(kJsonNull);
  return JsonObject()
      .Add("id", hidden ? JsonString(kRedacted) : TextJson(row->id.ToString()))
      .Add("status", TextJson(row->status))
      .Add("result", hidden ? JsonString(kRedacted) : ResultJson(row->result_json))
      .Add("action_ref", TextOrNull(row->action_ref))
      .Add("updated", TimeJson(row->updated))
      .Take();
}

std::string SummaryJson(const LetterSummary& letter) {
  JsonObject object;
  AddSummary(object, letter);
  return object.Take();
}

std::string UnreadableJson(const LetterSummary& letter, std::string_view why) {
  JsonObject object;
  AddSummary(object, letter);
  object.Add("unreadable", TextJson(why));
  return object.Take();
}

std::string RecordJson(const LetterRecord& record, const std::optional<ExecutionRow>& execution,
                       std::string_view body_url, const Redaction& redaction,
                       std::size_t max_body_bytes) {
  LetterSummary summary = record.summary;
  redaction.Mask(summary);
  JsonObject object;
  AddSummary(object, summary);
  object
      .Add("in_replay", record.in_replay ? JsonString(FormatUuid(record.in_replay->value()))
                                         : std::string(kJsonNull))
      .Add("death_history", DeathHistoryJson(record.message.headers))
      .Add("headers", FieldTableToJson(record.message.headers))
      .Add("properties", PropertiesToJson(record.message.properties))
      .Add("body", RedactedBodyJson(record.message.body, body_url, redaction, max_body_bytes))
      .Add("execution", ExecutionJson(execution, redaction.HidesExecution()))
      .Add("history", HistoryJson(record.history))
      .Add("notes", NotesJson(record.notes))
      .Add("tags", TagsJson(record.tags));
  return object.Take();
}

}  // namespace deadletter
