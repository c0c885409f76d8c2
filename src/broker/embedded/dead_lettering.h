// What dying does to a message: RabbitMQ's header shapes, without any broker.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "letter/death.h"
#include "letter/message.h"

namespace deadletter::embedded {

struct DeathEvent {
  Reason reason = Reason::kExpired;
  std::string queue;     // where it died
  Address came_by;       // the exchange and routing key that brought it there
  bool new_key = false;  // the queue has a dead letter routing key of its own
  Instant at;
};

// The message as the dead letter exchange gets it:
// - `x-death` (array of tables: count int64, reason, queue, time in whole seconds, exchange,
// routing-keys, and
//   original-expiration where the message had one), the newest first. Another death of the same
//   queue and reason moves that entry to the front with count + 1 and leaves its time and
//   everything else. An `x-death` that is no array is replaced.
// - `x-first-death-queue`, `-reason` and `-exchange`, set where there was no `x-death` yet.
// - The expiration property is taken off, whatever the message died of.
// - With a new routing key the CC header goes: its addresses are not the letter's.
[[nodiscard]] Message AfterDeath(Message message, const DeathEvent& death);

// Every key that a message is routed by: its own, then those of its CC and BCC headers (arrays of
// strings; anything else in them is passed over).
[[nodiscard]] std::vector<std::string> RoutingKeys(const std::string& own,
                                                   const FieldTable& headers);

// True where the message, dead letter headers and all, has been in `queue` before and nobody
// rejected it since: it would go round without anybody's doing. RabbitMQ drops such a message; the
// embedded queue holds it.
[[nodiscard]] bool GoesInCircles(const FieldTable& headers, std::string_view queue);

}  // namespace deadletter::embedded
