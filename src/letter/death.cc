#include "letter/death.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace deadletter {
namespace {

std::string StringOf(const FieldTable& table, std::string_view name) {
  const std::string* const text = AsString(table.Find(name));
  return text == nullptr ? std::string() : *text;
}

std::optional<std::string> OptionalStringOf(const FieldTable& table, std::string_view name) {
  const std::string* const text = AsString(table.Find(name));
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::vector<std::string> StringsOf(const FieldTable& table, std::string_view name) {
  std::vector<std::string> strings;
  const FieldValue* const value = table.Find(name);
  const auto* const array = value == nullptr ? nullptr : std::get_if<FieldArray>(&value->value);
  if (array == nullptr) return strings;
  for (const FieldValue& element : *array) {
    if (const std::string* const text = AsString(&element)) strings.push_back(*text);
  }
  return strings;
}

std::optional<std::int64_t> TimeOf(const FieldTable& table) {
  const FieldValue* const value = table.Find("time");
  const auto* const time = value == nullptr ? nullptr : std::get_if<FieldTimestamp>(&value->value);
  if (time == nullptr || time->seconds > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(time->seconds);
}

Death ReadDeath(const FieldTable& entry) {
  Death death;
  death.reason_text = StringOf(entry, "reason");
  death.reason = ReasonFromName(death.reason_text).value_or(Reason::kUnknown);
  death.queue = StringOf(entry, "queue");
  death.exchange = StringOf(entry, "exchange");
  death.routing_keys = StringsOf(entry, "routing-keys");
  // Brokers that do not count write an entry a death.
  death.count = std::max<std::int64_t>(AsInteger(entry.Find("count")).value_or(1), 0);
  death.time_seconds = TimeOf(entry);
  death.original_expiration = OptionalStringOf(entry, "original-expiration");
  return death;
}

std::vector<Death> ReadDeaths(const FieldTable& headers) {
  std::vector<Death> deaths;
  const FieldValue* const value = headers.Find("x-death");
  const auto* const entries = value == nullptr ? nullptr : std::get_if<FieldArray>(&value->value);
  if (entries == nullptr) return deaths;
  for (const FieldValue& entry : *entries) {
    if (deaths.size() == kMaxDeathsRead) break;
    if (const auto* const table = std::get_if<FieldTable>(&entry.value))
      deaths.push_back(ReadDeath(*table));
  }
  return deaths;
}

std::int64_t TotalOf(const std::vector<Death>& deaths) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t total = 0;
  for (const Death& death : deaths)
    total = death.count > kMost - total ? kMost : total + death.count;
  return total;
}

}  // namespace

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kExpired:
      return "expired";
    case Reason::kRejected:
      return "rejected";
    case Reason::kMaxlen:
      return "maxlen";
    case Reason::kDeliveryLimit:
      return "delivery_limit";
    case Reason::kUnknown:
      return "unknown";
  }
  std::unreachable();
}

std::optional<Reason> ReasonFromName(std::string_view name) {
  for (const Reason reason : kEveryReason) {
    if (ReasonName(reason) == name) return reason;
  }
  return std::nullopt;
}

DeathHistory ReadDeathHistory(const FieldTable& headers) {
  DeathHistory history;
  history.deaths = ReadDeaths(headers);
  history.total = TotalOf(history.deaths);
  history.first_queue = OptionalStringOf(headers, "x-first-death-queue");
  history.first_reason = OptionalStringOf(headers, "x-first-death-reason");
  history.first_exchange = OptionalStringOf(headers, "x-first-death-exchange");
  if (history.deaths.empty()) return history;
  const Death& last = history.deaths.back();
  if (!history.first_queue) history.first_queue = last.queue;
  if (!history.first_reason) history.first_reason = last.reason_text;
  if (!history.first_exchange) history.first_exchange = last.exchange;
  return history;
}

const Death* FirstDeath(const DeathHistory& history) {
  if (history.deaths.empty()) return nullptr;
  const auto named = std::ranges::find_if(history.deaths, [&](const Death& death) {
    return death.queue == history.first_queue && death.reason_text == history.first_reason;
  });
  return named == history.deaths.end() ? &history.deaths.back() : &*named;
}

std::optional<Instant> PlausibleInstant(std::int64_t seconds) {
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  if (seconds < 0 || seconds >= kYear10000) return std::nullopt;
  return Instant(std::chrono::seconds(seconds));
}

}  // namespace deadletter
