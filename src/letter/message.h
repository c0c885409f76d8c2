// What travels through a broker, apart from any delivery of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "letter/field.h"

namespace deadletter {

// AMQP 0-9-1 basic properties without the headers. Strings may hold any bytes.
struct Properties {
  std::optional<std::string> content_type;
  std::optional<std::string> content_encoding;
  std::optional<std::uint8_t> delivery_mode;  // 2 = persistent
  std::optional<std::uint8_t> priority;
  std::optional<std::string> correlation_id;
  std::optional<std::string> reply_to;
  std::optional<std::string> expiration;  // milliseconds, as text
  std::optional<std::string> message_id;
  std::optional<std::uint64_t> timestamp;  // seconds since 1970
  std::optional<std::string> type;
  std::optional<std::string> user_id;
  std::optional<std::string> app_id;
  std::optional<std::string> cluster_id;

  friend bool operator==(const Properties&, const Properties&) = default;
};

struct Message {
  Properties properties;
  FieldTable headers;
  std::string body;  // any bytes

  // Held in memory beside the object itself, near enough for a limit.
  [[nodiscard]] std::size_t BufferedBytes() const;

  friend bool operator==(const Message&, const Message&) = default;
};

// Where a message is published to. The empty exchange is the default one: routing_key then names a
// queue.
struct Address {
  std::string exchange;
  std::string routing_key;

  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace deadletter
