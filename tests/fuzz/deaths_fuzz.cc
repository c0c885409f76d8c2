// The death history: any headers in, a history out that is bounded and consistent in itself; and
// what the embedded queue writes of a further death is what the reader then finds.
#include <algorithm>
#include <limits>

#include "broker/embedded/dead_lettering.h"
#include "broker/rabbitmq/wire.h"
#include "letter/death.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/target.h"

namespace deadletter::fuzz {
namespace {

constexpr std::string_view kWords[] = {"x-death",
                                       "x-first-death-queue",
                                       "x-first-death-reason",
                                       "x-first-death-exchange",
                                       "count",
                                       "reason",
                                       "queue",
                                       "time",
                                       "exchange",
                                       "routing-keys",
                                       "original-expiration",
                                       "expired",
                                       "rejected",
                                       "maxlen",
                                       "delivery_limit",
                                       "worker.7.executions",
                                       "CC",
                                       ""};

// An entry with the fields that brokers write, some of them missing, doubled or of a wrong type.
FieldTable Entry(ByteSource& source) {
  FieldTable entry;
  const std::uint8_t there = source.Byte();
  const auto add = [&](std::string_view name, FieldValue value) {
    entry.entries.push_back({std::string(name), std::move(value)});
  };
  if ((there & 1) != 0) add("count", {static_cast<std::int64_t>(source.Number(8))});
  if ((there & 2) != 0) add("reason", {source.Word(kWords)});
  if ((there & 4) != 0) add("queue", {source.Word(kWords)});
  if ((there & 8) != 0) add("time", {FieldTimestamp{source.Number(8)}});
  if ((there & 16) != 0) add("exchange", {source.Word(kWords)});
  if ((there & 32) != 0) add("routing-keys", {FieldArray{{source.Word(kWords)}}});
  if ((there & 64) != 0) add("original-expiration", {source.Word(kWords)});
  if ((there & 128) != 0) add(kWords[source.Below(std::size(kWords))], source.Value(kWords, 2));
  return entry;
}

FieldTable Headers(ByteSource& source) {
  FieldTable headers;
  FieldArray deaths;
  for (std::size_t left = source.Below(16); left > 0; --left) {
    deaths.push_back(source.Bool() ? FieldValue{Entry(source)} : source.Value(kWords, 2));
  }
  if (source.Bool()) headers.entries.push_back({"x-death", {std::move(deaths)}});
  for (FieldEntry& entry : source.Table(kWords, 2).entries)
    headers.entries.push_back(std::move(entry));
  return headers;
}

bool Same(const Death& one, const Death& other) {
  return one.reason == other.reason && one.reason_text == other.reason_text &&
         one.queue == other.queue && one.exchange == other.exchange &&
         one.routing_keys == other.routing_keys && one.count == other.count &&
         one.time_seconds == other.time_seconds &&
         one.original_expiration == other.original_expiration;
}

bool Same(const DeathHistory& one, const DeathHistory& other) {
  return one.total == other.total && one.first_queue == other.first_queue &&
         one.first_reason == other.first_reason && one.first_exchange == other.first_exchange &&
         std::ranges::equal(one.deaths, other.deaths,
                            [](const Death& a, const Death& b) { return Same(a, b); });
}

void CheckHistory(const DeathHistory& history) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  Require(history.deaths.size() <= kMaxDeathsRead, "no more deaths are read than the limit");
  std::int64_t total = 0;
  for (const Death& death : history.deaths) {
    Require(death.count >= 0, "a count is never negative");
    total = death.count > kMost - total ? kMost : total + death.count;
    Require(!death.time_seconds || *death.time_seconds >= 0, "a time is never before 1970");
    Require(death.reason == ReasonFromName(death.reason_text).value_or(Reason::kUnknown),
            "a reason is what its text says");
  }
  Require(history.total == total, "the total is the sum of the counts, cut at the largest number");
  const Death* const first = FirstDeath(history);
  Require((first == nullptr) == history.deaths.empty(), "a history that is not empty has a first");
  if (first == nullptr) return;
  Require(first >= history.deaths.data() && first < history.deaths.data() + history.deaths.size(),
          "the first death is one of the history's");
  Require(history.first_queue && history.first_reason && history.first_exchange,
          "a history that is not empty knows its first death");
}

// On the way over a broker the headers are the same, and so is what is read in them.
void CheckOverTheWire(const FieldTable& headers, const DeathHistory& history) {
  const auto bytes = rabbitmq::EncodeTable(headers);
  if (!bytes) return;  // a name that AMQP cannot carry
  const auto back = rabbitmq::DecodeTable(*bytes);
  Require(back && Same(ReadDeathHistory(*back), history), "the wire changes no history");
}

// A death more, by the embedded queue's hand. A lap more, of entries that no broker writes, would
// only say that garbage stays garbage.
void CheckAnotherDeath(ByteSource& source, const FieldTable& headers, const DeathHistory& before) {
  embedded::DeathEvent event;
  event.reason = std::array{Reason::kExpired, Reason::kRejected, Reason::kMaxlen,
                            Reason::kDeliveryLimit}[source.Below(4)];
  event.queue = source.Word(kWords);
  event.came_by = {"exchange", "key"};
  event.new_key = source.Bool();
  event.at = Instant(std::chrono::seconds(source.Number(4)));
  Message message;
  message.headers = headers;
  if (source.Bool()) message.properties.expiration = "60000";
  const Message dead = embedded::AfterDeath(message, event);

  const DeathHistory after = ReadDeathHistory(dead.headers);
  CheckHistory(after);
  Require(!after.deaths.empty(), "whoever died has a history");
  const Death& newest = after.deaths.front();
  Require(newest.queue == event.queue && newest.reason == event.reason,
          "the newest death is the one that happened");
  Require(newest.count >= 1, "the newest death counts");
  Require(!dead.properties.expiration, "the expiration is taken off, or the letter dies again");
  Require(after.deaths.size() <= before.deaths.size() + 1, "a death adds an entry at most");
  Require(after.deaths.size() + 1 > before.deaths.size(), "a death takes no entry away");
  if (event.new_key) Require(dead.headers.Find("CC") == nullptr, "a new key ends the CC header");
  // The others stay as they were, in their order.
  auto other = after.deaths.begin() + 1;
  for (const Death& death : before.deaths) {
    if (other != after.deaths.end() && Same(*other, death)) ++other;
  }
  Require(other == after.deaths.end(), "a death changes no other entry");
  // Rejected or not, a second such death is a count and not an entry.
  const DeathHistory twice = ReadDeathHistory(embedded::AfterDeath(dead, event).headers);
  Require(twice.deaths.size() == after.deaths.size(), "the same death again is the same entry");
}

void Deaths(std::string_view input) {
  ByteSource source(input);
  const FieldTable headers = Headers(source);
  const DeathHistory history = ReadDeathHistory(headers);
  CheckHistory(history);
  Require(Same(history, ReadDeathHistory(headers)), "the same headers, the same history");
  CheckOverTheWire(headers, history);
  CheckAnotherDeath(source, headers, history);
}

const Registration kRegistration("deaths", Deaths);

}  // namespace
}  // namespace deadletter::fuzz
