#include "operations/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/rfc3339.h"
#include "base/text.h"
#include "letter/death.h"
#include "operations/json_writer.h"
#include "operations/letter_json.h"

namespace deadletter {
namespace {

struct Event {
  Instant at;
  std::size_t order = 0;  // as it was told
  std::string_view what;
  LetterId letter;
  std::optional<std::string> queue = {};
  std::string_view reason = {};  // "": none
  std::int64_t count = 0;        // 0: none
  std::string_view detail = {};
};

// Valid while the records and the histories are.
std::vector<Event> EventsOf(const LetterRecord& record, const DeathHistory& history) {
  const LetterSummary& letter = record.summary;
  std::vector<Event> events;
  const auto add = [&](Instant at, std::string_view what) -> Event& {
    return events.emplace_back(Event{.at = at, .order = 0, .what = what, .letter = letter.id});
  };
  if (const auto sent = record.message.properties.timestamp) {
    if (const auto at = PlausibleInstant(static_cast<std::int64_t>(
            std::min<std::uint64_t>(*sent, std::numeric_limits<std::int64_t>::max()))))
      add(*at, "sent").queue = letter.exchange;
  }
  for (const Death& death : history.deaths) {
    const auto at = death.time_seconds ? PlausibleInstant(*death.time_seconds) : std::nullopt;
    if (!at) continue;
    Event& died = add(*at, "died");
    died.queue = death.queue;
    died.reason = ReasonName(death.reason);
    died.count = death.count;
  }
  add(letter.received_at, "received").queue = letter.dead_letter_queue;
  for (const LetterStep& step : record.history) add(step.at, step.what).detail = step.detail;
  return events;
}

std::string EventJson(const Event& event) {
  return JsonObject()
      .Add("at", TimeJson(event.at))
      .Add("what", TextJson(event.what))
      .Add("letter", JsonString(FormatUuid(event.letter.value())))
      .Add("queue", KnownTextJson(event.queue.value_or("")))
      .Add("reason", KnownTextJson(event.reason))
      .Add("count", event.count == 0 ? std::string(kJsonNull) : fmt::to_string(event.count))
      .Add("detail", KnownTextJson(event.detail))
      .Take();
}

std::string TimelineJson(const std::vector<LetterRecord>& letters) {
  std::vector<DeathHistory> histories;
  histories.reserve(letters.size());
  for (const LetterRecord& record : letters)
    histories.push_back(ReadDeathHistory(record.message.headers));
  std::vector<Event> events;
  for (std::size_t index = 0; index < letters.size(); ++index) {
    auto more = EventsOf(letters[index], histories[index]);
    std::move(more.begin(), more.end(), std::back_inserter(events));
  }
  // A broker tells whole seconds: what we know of a letter otherwise stays behind its deaths.
  for (std::size_t index = 0; index < events.size(); ++index) events[index].order = index;
  std::ranges::sort(events, {},
                    [](const Event& event) { return std::pair(event.at, event.order); });
  JsonArray timeline;
  for (const Event& event : events) timeline.Add(EventJson(event));
  return timeline.Take();
}

std::string DeathWords(const LetterSummary& letter) {
  return fmt::format("{} in {}", ReasonName(letter.reason),
                     letter.queue.empty() ? "an unknown queue" : DisplayText(letter.queue, 255));
}

const LetterRecord* NewestWith(const std::vector<LetterRecord>& letters, auto fits) {
  const auto found = std::find_if(letters.rbegin(), letters.rend(), fits);
  return found == letters.rend() ? nullptr : &*found;
}

// What the letters make of the row as it is.
std::string Conclusion(const Explained& explained) {
  const auto& letters = explained.letters;
  const auto has = [](Outcome outcome) {
    return [outcome](const LetterRecord& record) { return record.summary.outcome == outcome; };
  };
  if (letters.empty()) {
    return fmt::format("it is {}, and no letter of it ever came",
                       DisplayText(explained.row->status, 64));
  }
  const LetterSummary& newest = letters.back().summary;
  const std::string died = DeathWords(newest);
  if (!explained.row_is_known)
    return fmt::format("its last message: {}; how the execution is now is not known here", died);
  if (!explained.row)
    return fmt::format("its last message: {}; the platform has no such execution", died);
  const std::string status = DisplayText(explained.row->status, 64);
  if (const auto* waiting = NewestWith(letters, [](const LetterRecord& record) {
        return record.summary.state == LetterState::kWaiting;
      })) {
    return fmt::format("it is {}, and its letter {} waits ({})", status,
                       FormatUuid(waiting->summary.id.value()),
                       OutcomeName(waiting->summary.outcome));
  }
  if (const auto* failed = NewestWith(letters, has(Outcome::kFailed))) {
    return fmt::format("it is {}; letter {} failed it: {}", status,
                       FormatUuid(failed->summary.id.value()), DeathWords(failed->summary));
  }
  return fmt::format("it is {}; its last message: {}, which changed nothing ({})", status, died,
                     OutcomeName(newest.outcome));
}

}  // namespace

OperationResult<Explained> FindExplained(Catalog& catalog, Executions* executions,
                                         ExecutionIdType id_type, std::string_view execution_id) {
  Explained explained{.execution_id = std::string(execution_id)};
  LetterFilter filter;
  filter.execution_id = explained.execution_id;
  auto page = catalog.List(filter, kMaxExplainedLetters, std::nullopt);
  if (!page) return Unexpected<OperationError>(FromLedger(page.error()));
  explained.more_letters = page->next.has_value();
  for (const LetterSummary& letter : page->letters) {
    auto record = catalog.Show(letter.id);
    if (!record) return Unexpected<OperationError>(FromLedger(record.error()));
    if (!*record) continue;  // retention took it meanwhile
    (*record)->message.body = {};
    explained.letters.push_back(std::move(**record));
  }
  std::ranges::reverse(explained.letters);
  const auto id = ParseExecutionId(id_type, execution_id);
  if (executions != nullptr && id) {
    auto row = executions->Find(*id);
    // The letters are worth showing without it: the platform's table may be out of reach.
    explained.row_is_known = row.has_value();
    if (row) explained.row = std::move(*row);
  }
  if (explained.letters.empty() && !explained.row) {
    return FailOperation(OperationFault::kNotFound,
                         fmt::format("neither an execution '{}' nor a letter of it is known",
                                     DisplayText(execution_id, 64)));
  }
  return explained;
}

std::string ExplainedJson(const Explained& explained, const Redaction& redaction) {
  return JsonObject()
      .Add("execution_id", TextJson(explained.execution_id))
      .Add("conclusion", TextJson(Conclusion(explained)))
      .Add("execution", ExecutionJson(explained.row, redaction.HidesExecution()))
      .Add("letters", fmt::to_string(explained.letters.size()))
      .Add("more_letters", explained.more_letters ? "true" : "false")
      .Add("timeline", TimelineJson(explained.letters))
      .Take();
}

}  // namespace deadletter
