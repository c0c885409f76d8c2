#include "broker/embedded/topology_specs.h"

#include <fmt/format.h>

namespace deadletter {

namespace {

std::string Shown(const std::optional<std::string>& value) {
  return value ? "\"" + *value + "\"" : "none";
}

std::string Shown(const std::optional<std::int64_t>& value) {
  return value ? fmt::to_string(*value) : "none";
}

std::string Shown(const std::optional<std::chrono::milliseconds>& value) {
  return value ? fmt::format("{} ms", value->count()) : "none";
}

template <class T>
void AddDifference(std::string& all, const char* setting, const T& existing, const T& wanted) {
  if (existing == wanted) return;
  all += fmt::format("{}{} is {}, not {}", all.empty() ? "" : "; ", setting, Shown(existing),
                     Shown(wanted));
}

}  // namespace

std::string_view ExchangeTypeName(ExchangeType type) {
  switch (type) {
    case ExchangeType::kDirect:
      return "direct";
    case ExchangeType::kTopic:
      return "topic";
    case ExchangeType::kFanout:
      return "fanout";
  }
  return "";
}

std::optional<ExchangeType> ExchangeTypeFromName(std::string_view name) {
  for (const auto type : {ExchangeType::kDirect, ExchangeType::kTopic, ExchangeType::kFanout}) {
    if (ExchangeTypeName(type) == name) return type;
  }
  return std::nullopt;
}

std::string WhatIsWrongWith(const QueueSpec& spec) {
  constexpr std::chrono::milliseconds kMaxTtl{4'294'967'295};  // RabbitMQ's
  if (spec.name.empty() || spec.name.size() > kMaxNameBytes)
    return "a queue's name has 1 to 255 bytes";
  if (spec.message_ttl && (spec.message_ttl->count() < 0 || *spec.message_ttl > kMaxTtl)) {
    return "queue " + spec.name + ": a message TTL is 0 to 4294967295 ms";
  }
  if (spec.max_length.value_or(0) < 0)
    return "queue " + spec.name + ": a maximal length is not negative";
  if (spec.delivery_limit.value_or(0) < 0)
    return "queue " + spec.name + ": a delivery limit is not negative";
  if (spec.dead_letter_routing_key && !spec.dead_letter_exchange) {
    return "queue " + spec.name + ": a dead letter routing key needs a dead letter exchange";
  }
  return "";
}

std::string Difference(const QueueSpec& existing, const QueueSpec& wanted) {
  std::string all;
  AddDifference(all, "message TTL", existing.message_ttl, wanted.message_ttl);
  AddDifference(all, "dead letter exchange", existing.dead_letter_exchange,
                wanted.dead_letter_exchange);
  AddDifference(all, "dead letter routing key", existing.dead_letter_routing_key,
                wanted.dead_letter_routing_key);
  AddDifference(all, "maximal length", existing.max_length, wanted.max_length);
  AddDifference(all, "delivery limit", existing.delivery_limit, wanted.delivery_limit);
  return all.empty() ? all : "queue " + existing.name + " exists: " + all;
}

}  // namespace deadletter
