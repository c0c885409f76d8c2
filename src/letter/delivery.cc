#include "letter/delivery.h"

#include <algorithm>

namespace deadletter {
std::uint64_t Delivery::DeliveryCount() const {
  // Whoever publishes can write the header; of what comes for the first time the broker itself says
  // that it was not delivered before.
  if (!redelivered) return 0;
  const auto count = AsInteger(message.headers.Find("x-delivery-count")).value_or(0);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

std::size_t Delivery::BufferedBytes() const {
  return sizeof(Delivery) + dead_letter_queue.size() + exchange.size() + routing_key.size() +
         message.BufferedBytes();
}

}  // namespace deadletter
