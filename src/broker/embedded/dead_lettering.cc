#include "broker/embedded/dead_lettering.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace deadletter::embedded {

namespace {

constexpr std::string_view kDeaths = "x-death";

const std::string* TextOf(const FieldTable& table, std::string_view name) {
  const auto* field = table.Find(name);
  return field == nullptr ? nullptr : std::get_if<std::string>(&field->value);
}

bool TextIs(const FieldTable& table, std::string_view name, std::string_view text) {
  const auto* found = TextOf(table, name);
  return found != nullptr && *found == text;
}

// Replaces the entry of that name, the last where there are several, or adds one.
void Set(FieldTable& table, std::string_view name, FieldValue value) {
  const auto found = std::find_if(table.entries.rbegin(), table.entries.rend(),
                                  [&](const auto& entry) { return entry.name == name; });
  if (found != table.entries.rend()) {
    found->value = std::move(value);
  } else {
    table.entries.push_back({std::string(name), std::move(value)});
  }
}

void Remove(FieldTable& table, std::string_view name) {
  std::erase_if(table.entries, [&](const auto& entry) { return entry.name == name; });
}

FieldTable NewEntry(const Message& message, const DeathEvent& death) {
  FieldArray keys;
  for (auto& key : RoutingKeys(death.came_by.routing_key, message.headers)) {
    keys.push_back({std::move(key)});
  }
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(death.at).time_since_epoch().count();
  FieldTable entry{{
      {"count", {std::int64_t{1}}},
      {"reason", {std::string(ReasonName(death.reason))}},
      {"queue", {death.queue}},
      {"time", {FieldTimestamp{static_cast<std::uint64_t>(seconds)}}},
      {"exchange", {death.came_by.exchange}},
      {"routing-keys", {std::move(keys)}},
  }};
  if (message.properties.expiration) {
    entry.entries.push_back({"original-expiration", {*message.properties.expiration}});
  }
  return entry;
}

void CountUp(FieldTable& entry) {
  const auto* field = entry.Find("count");
  const auto* count = field == nullptr ? nullptr : std::get_if<std::int64_t>(&field->value);
  const bool usable = count != nullptr && *count >= 0;
  if (usable && *count == std::numeric_limits<std::int64_t>::max()) return;
  Set(entry, "count", {usable ? *count + 1 : std::int64_t{1}});
}

// Takes the entry of this death's queue and reason out of the history.
std::optional<FieldTable> TakeEarlierEntry(FieldArray& deaths, const DeathEvent& death) {
  for (auto it = deaths.begin(); it != deaths.end(); ++it) {
    auto* entry = std::get_if<FieldTable>(&it->value);
    if (entry == nullptr || !TextIs(*entry, "queue", death.queue) ||
        !TextIs(*entry, "reason", ReasonName(death.reason))) {
      continue;
    }
    FieldTable taken = std::move(*entry);
    deaths.erase(it);
    return taken;
  }
  return std::nullopt;
}

void SetFirstDeath(FieldTable& headers, const DeathEvent& death) {
  Set(headers, "x-first-death-reason", {std::string(ReasonName(death.reason))});
  Set(headers, "x-first-death-queue", {death.queue});
  Set(headers, "x-first-death-exchange", {death.came_by.exchange});
}

void AddKeys(std::vector<std::string>& keys, const FieldTable& headers, std::string_view name) {
  const auto* field = headers.Find(name);
  const auto* more = field == nullptr ? nullptr : std::get_if<FieldArray>(&field->value);
  if (more == nullptr) return;
  for (const auto& value : *more) {
    if (const auto* key = std::get_if<std::string>(&value.value)) keys.push_back(*key);
  }
}

}  // namespace

Message AfterDeath(Message message, const DeathEvent& death) {
  auto entry = NewEntry(message, death);
  FieldArray deaths;
  if (const auto* field = message.headers.Find(kDeaths); field == nullptr) {
    SetFirstDeath(message.headers, death);
  } else if (const auto* earlier = std::get_if<FieldArray>(&field->value)) {
    deaths = *earlier;
  }
  if (auto earlier = TakeEarlierEntry(deaths, death)) {
    CountUp(*earlier);
    entry = std::move(*earlier);
  }
  deaths.insert(deaths.begin(), FieldValue{std::move(entry)});
  Set(message.headers, kDeaths, {std::move(deaths)});
  message.properties.expiration.reset();
  if (death.new_key) Remove(message.headers, "CC");
  return message;
}

std::vector<std::string> RoutingKeys(const std::string& own, const FieldTable& headers) {
  std::vector<std::string> keys{own};
  AddKeys(keys, headers, "CC");
  AddKeys(keys, headers, "BCC");
  return keys;
}

bool GoesInCircles(const FieldTable& headers, std::string_view queue) {
  const auto* field = headers.Find(kDeaths);
  const auto* deaths = field == nullptr ? nullptr : std::get_if<FieldArray>(&field->value);
  if (deaths == nullptr) return false;
  for (const auto& value : *deaths) {
    const auto* entry = std::get_if<FieldTable>(&value.value);
    // Somebody's hand again: a rejection, or an entry that no broker writes.
    if (entry == nullptr || TextIs(*entry, "reason", ReasonName(Reason::kRejected))) return false;
    if (TextIs(*entry, "queue", queue)) return true;
  }
  return false;
}

}  // namespace deadletter::embedded
