// Headers and properties as the queue file holds them.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "letter/message.h"

namespace deadletter::embedded {

// What cannot be read (the file was changed by other hands) becomes one header,
// `unreadable-headers` or `unreadable-properties`, with the text as it is: a broken row is
// delivered all the same (P4, P5). No body.
[[nodiscard]] Message ReadStored(const std::string& properties, const std::string& headers);

// The message's own TTL. Nothing: it has none. As RabbitMQ takes it: decimal digits, at most
// 4294967295.
[[nodiscard]] std::optional<std::chrono::milliseconds> OwnTtl(const Properties& properties);
// False: there is an expiration, and it is no TTL.
[[nodiscard]] bool HasUsableExpiration(const Properties& properties);

}  // namespace deadletter::embedded
