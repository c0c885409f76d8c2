// Field tables and properties as AMQP 0-9-1 puts them on the wire. Our own reading of them, beside
// the client library's: it keeps every type and every bit, goes no deeper than kMaxFieldDepth, and
// so needs no deep stack.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "letter/field.h"
#include "letter/message.h"

namespace deadletter::rabbitmq {

// Tables and arrays included. A value may take one byte there and some fifty here: beyond as many,
// a table is not read but kept as the bytes it is (P9).
inline constexpr std::size_t kMaxFieldValues = std::size_t{1} << 18;

// With the four octets of its length before it. A name longer than AMQP's 255 octets is an error.
[[nodiscard]] Result<std::string> EncodeTable(const FieldTable& table);

// All of `bytes`, the length included.
[[nodiscard]] Result<FieldTable> DecodeTable(std::string_view bytes);

// The payload of a content header frame of class basic, from the property flags on.
struct ContentHeader {
  Properties properties;
  FieldTable headers;
};
[[nodiscard]] Result<ContentHeader> DecodeContentHeader(std::string_view bytes);

}  // namespace deadletter::rabbitmq
