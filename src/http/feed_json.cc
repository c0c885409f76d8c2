#include "http/feed_json.h"

#include <fmt/format.h>

#include <optional>

#include "operations/json_writer.h"

namespace deadletter::http {
namespace {

std::string NumberOrNull(const std::optional<std::int64_t>& number) {
  return number ? fmt::to_string(*number) : std::string(kJsonNull);
}

// Null while nobody has looked.
std::string StatesOrNull(const std::map<LetterState, std::int64_t>& letters) {
  if (letters.empty()) return std::string(kJsonNull);
  JsonObject states;
  for (const LetterState state : kEveryLetterState) {
    const auto found = letters.find(state);
    states.Add(LetterStateName(state), fmt::to_string(found == letters.end() ? 0 : found->second));
  }
  return states.Take();
}

std::string DepthOrNull(const std::map<std::string, std::int64_t>& queues) {
  if (queues.empty()) return std::string(kJsonNull);
  std::string json = "{";
  for (const auto& [queue, messages] : queues) {
    if (json.size() > 1) json += ',';
    json += TextJson(queue) + ":" + fmt::to_string(messages);
  }
  return json + "}";
}

}  // namespace

std::string CountsJson(const Figures& figures) {
  JsonObject settled;
  for (const auto& [outcome, letters] : figures.settled_by_outcome)
    settled.Add(OutcomeName(outcome), fmt::to_string(letters));
  return JsonObject()
      .Add("received", fmt::to_string(figures.received))
      .Add("settled", fmt::to_string(figures.settled))
      .Add("settled_by_outcome", settled.Take())
      .Add("states", StatesOrNull(figures.ledger_letters))
      .Add("depth", DepthOrNull(figures.queue_messages))
      .Add("outbox_pending", NumberOrNull(figures.outbox_pending))
      .Add("uncounted_letters", NumberOrNull(figures.uncounted_letters))
      .Take();
}

}  // namespace deadletter::http
