// What can be declared in the embedded queue file.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace deadletter {

enum class ExchangeType { kDirect, kTopic, kFanout };

[[nodiscard]] std::string_view ExchangeTypeName(ExchangeType type);  // "direct", "topic", "fanout"
[[nodiscard]] std::optional<ExchangeType> ExchangeTypeFromName(std::string_view name);

// Every queue is durable. Absent: no such limit.
struct QueueSpec {
  std::string name;  // 1 to 255 bytes
  std::optional<std::chrono::milliseconds>
      message_ttl{};  // of each message, from its arrival; 0 kills at once
  std::optional<std::string>
      dead_letter_exchange{};  // "": the default exchange. Absent: the dead are gone
  std::optional<std::string> dead_letter_routing_key{};  // absent: the dead keep their own
  std::optional<std::int64_t> max_length{};              // ready messages; beyond it the oldest die
  std::optional<std::int64_t> delivery_limit{};  // returns to the queue; the one beyond it kills

  friend bool operator==(const QueueSpec&, const QueueSpec&) = default;
};

inline constexpr std::size_t kMaxNameBytes = 255;

// What makes it no queue at all; empty: nothing.
[[nodiscard]] std::string WhatIsWrongWith(const QueueSpec& spec);
// In which settings a queue that exists differs from the one wanted; empty: in none.
[[nodiscard]] std::string Difference(const QueueSpec& existing, const QueueSpec& wanted);

}  // namespace deadletter
