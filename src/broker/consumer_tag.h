// What our consumers are called at a broker: as configured, or so with a number behind it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace deadletter {

// "executor.dlq.2": for a consumer that goes on where the one before it may still have letters on
// their way. Within the 255 bytes that AMQP has for a tag.
[[nodiscard]] std::string NumberedConsumerTag(std::string_view configured, std::uint64_t number);

// Whether `tag` is `configured`, or a NumberedConsumerTag() of it.
[[nodiscard]] bool IsConsumerTagOf(std::string_view tag, std::string_view configured);

}  // namespace deadletter
