// A message as a consumer receives it from a dead letter queue.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "letter/message.h"

namespace deadletter {

// A delivery's number on one subscription of one consumer. The generation changes with each
// channel, so that an acknowledgement can never reach a delivery of another channel. 0 is no
// delivery.
struct DeliveryTag {
  std::uint64_t generation = 0;
  std::uint64_t number = 0;

  friend bool operator==(const DeliveryTag&, const DeliveryTag&) = default;
};

struct Delivery {
  DeliveryTag tag;
  std::string dead_letter_queue;  // the configured queue that it was taken from
  std::string exchange;           // it came into that queue through
  std::string routing_key;
  bool redelivered = false;
  Instant received_at;  // our own clock: the broker's times are whole seconds and may be missing
  Message message;

  // How often the broker says it was delivered before (`x-delivery-count`, quorum queues; the
  // embedded queue's own count); 0 where it says nothing or nonsense.
  [[nodiscard]] std::uint64_t DeliveryCount() const;
  // Bytes of body, headers and properties held in memory, near enough for a limit.
  [[nodiscard]] std::size_t BufferedBytes() const;
};

}  // namespace deadletter
