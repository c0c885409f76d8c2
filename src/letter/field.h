// AMQP 0-9-1 field tables (headers) as values: every type that RabbitMQ and its clients send, kept
// apart so that what came can be told exactly. Source: AMQP 0-9-1 section 4.2.5.5 with RabbitMQ's
// errata.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace deadletter {

struct FieldVoid {
  friend bool operator==(const FieldVoid&, const FieldVoid&) = default;
};
struct FieldDecimal {
  std::uint8_t scale = 0;
  std::uint32_t value = 0;
  friend bool operator==(const FieldDecimal&, const FieldDecimal&) = default;
};
struct FieldTimestamp {
  std::uint64_t seconds = 0;  // since 1970, UTC; hostile values included
  friend bool operator==(const FieldTimestamp&, const FieldTimestamp&) = default;
};
struct FieldBytes {  // type 'x'
  std::string bytes;
  friend bool operator==(const FieldBytes&, const FieldBytes&) = default;
};
// A value nested deeper than kMaxFieldDepth: its AMQP encoding (type octet first), kept whole and
// not looked into.
struct FieldEncoded {
  std::string bytes;
  friend bool operator==(const FieldEncoded&, const FieldEncoded&) = default;
};

inline constexpr int kMaxFieldDepth = 64;

struct FieldEntry;
struct FieldValue;

using FieldArray = std::vector<FieldValue>;

struct FieldTable {
  std::vector<FieldEntry> entries;  // in the order received, duplicates included

  // The last entry of that name; null where there is none. Valid while the table is.
  [[nodiscard]] const FieldValue* Find(std::string_view name) const;
  friend bool operator==(const FieldTable&, const FieldTable&);
};

struct FieldValue {
  std::variant<FieldVoid, bool, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
               std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, float, double,
               FieldDecimal, FieldTimestamp, std::string /* 'S': any bytes */, FieldBytes,
               FieldArray, FieldTable, FieldEncoded>
      value;

  friend bool operator==(const FieldValue&, const FieldValue&) = default;
};

struct FieldEntry {
  std::string name;  // at most 255 bytes in AMQP; any bytes
  FieldValue value;

  friend bool operator==(const FieldEntry&, const FieldEntry&) = default;
};

inline bool operator==(const FieldTable& left, const FieldTable& right) {
  return left.entries == right.entries;
}

// What Find() gave, as a string ('S' only); null where it is nothing or of another type. Valid
// while the value is.
[[nodiscard]] const std::string* AsString(const FieldValue* value);
// As an integer of any width, cut at the largest that fits; nothing where it is nothing or of
// another type.
[[nodiscard]] std::optional<std::int64_t> AsInteger(const FieldValue* value);

}  // namespace deadletter
