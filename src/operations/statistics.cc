#include "operations/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.h"
#include "ledger/letter_tally.h"
#include "operations/json_writer.h"
#include "operations/query.h"

namespace deadletter {
namespace {

using std::chrono::hours;

using Counts = std::vector<std::pair<std::string, std::int64_t>>;

// Names may be any bytes: what is shown alike is one.
std::string NamedCountsJson(const Counts& counts) {
  std::string json = "{";
  for (const auto& [name, letters] : counts) {
    if (json.size() > 1) json += ',';
    json += JsonDisplay(name, kMaxTextBytes) + ":" + fmt::to_string(letters);
  }
  return json + "}";
}

// Each of the set, also where there is none.
template <class Set, class Name>
Counts CountsOf(const Set& set, Name name_of, const std::map<std::string, std::int64_t>& counted) {
  Counts counts;
  for (const auto each : set) {
    const std::string name(name_of(each));
    const auto found = counted.find(name);
    counts.emplace_back(name, found == counted.end() ? 0 : found->second);
  }
  return counts;
}

// The largest first, and last the rest without a name.
Counts QueueCounts(const std::map<std::string, std::int64_t>& by_queue, std::int64_t letters) {
  std::map<std::string, std::int64_t> shown;
  std::int64_t rest = letters;
  for (const auto& [queue, number] : by_queue) {
    if (queue.empty()) continue;
    shown[DisplayText(queue, kMaxTextBytes)] += number;
    rest -= number;
  }
  Counts counts(shown.begin(), shown.end());
  std::ranges::sort(counts, [](const auto& one, const auto& other) {
    return std::pair(-one.second, one.first) < std::pair(-other.second, other.first);
  });
  if (rest > 0) counts.emplace_back("", rest);
  return counts;
}

std::string BucketsJson(const Statistics& statistics, const StatisticsRequest& request) {
  JsonArray buckets;
  for (Instant hour = request.since; hour < request.until; hour += hours(1)) {
    const auto found = statistics.hours.find(hour);
    const std::int64_t letters = found == statistics.hours.end() ? 0 : found->second;
    buckets.Add(
        JsonObject().Add("at", TimeJson(hour)).Add("letters", fmt::to_string(letters)).Take());
  }
  return buckets.Take();
}

std::string StatesJson(const Statistics& statistics) {
  JsonObject states;
  for (const LetterState state : kEveryLetterState) {
    const auto found = statistics.states.find(state);
    states.Add(LetterStateName(state),
               fmt::to_string(found == statistics.states.end() ? 0 : found->second));
  }
  return states.Take();
}

Problem ReadSpan(std::span<const Parameter> parameters, Instant now, StatisticsRequest& request) {
  Query query;
  if (auto problem = ReadQuery(parameters, kStatisticsParameters, "stats", query)) return problem;
  std::optional<Instant> since;
  std::optional<Instant> until;
  for (const auto& [name, value] : query.filters) {
    if (auto problem = ReadTime(name, value, name == "since" ? since : until)) return problem;
  }
  request.until = until.value_or(now);
  request.since = since.value_or(request.until - kDefaultStatistics);
  if (request.since >= request.until) return "since must be before until";
  if (request.until - request.since > kLongestStatistics) {
    return fmt::format("at most {} days at once: since and until are further apart",
                       std::chrono::duration_cast<std::chrono::days>(kLongestStatistics).count());
  }
  request.since = std::chrono::floor<hours>(request.since);
  request.until = std::chrono::ceil<hours>(request.until);
  return std::nullopt;
}

}  // namespace

OperationResult<StatisticsRequest> ParseStatisticsRequest(std::span<const Parameter> parameters,
                                                          Instant now) {
  StatisticsRequest request;
  if (auto problem = ReadSpan(parameters, now, request))
    return FailOperation(OperationFault::kBadRequest, std::move(*problem));
  return request;
}

OperationResult<std::string> ShowStatistics(GroupBook& book, const StatisticsRequest& request,
                                            const QueueDepths& depths) {
  const auto counted = book.Count(request.since, request.until, kMaxShownQueues);
  if (!counted) return Unexpected<OperationError>(FromLedger(counted.error()));
  std::int64_t letters = 0;
  for (const auto& [hour, number] : counted->hours) letters += number;
  return JsonObject()
      .Add("since", TimeJson(request.since))
      .Add("until", TimeJson(request.until))
      .Add("letters", fmt::to_string(letters))
      .Add("buckets", BucketsJson(*counted, request))
      .Add("by_reason", NamedCountsJson(CountsOf(kEveryReason, ReasonName, counted->by_reason)))
      .Add("by_queue", NamedCountsJson(QueueCounts(counted->by_queue, letters)))
      .Add("by_outcome", NamedCountsJson(CountsOf(kEveryOutcome, OutcomeName, counted->by_outcome)))
      .Add("states", StatesJson(*counted))
      .Add("depth", depths.empty() ? std::string(kJsonNull)
                                   : NamedCountsJson(Counts(depths.begin(), depths.end())))
      .Add("outbox_pending", fmt::to_string(counted->outbox_pending))
      .Add("uncounted_letters", fmt::to_string(counted->uncounted))
      .Take();
}

}  // namespace deadletter
