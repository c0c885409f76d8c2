// Port: taking letters from one dead letter queue.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "broker/broker_error.h"
#include "letter/delivery.h"

namespace deadletter {

struct ReceiveLimits {
  std::size_t max_letters = 1;
  // Receiving stops once this many bytes are in hand; at least one letter is always given, however
  // large.
  std::size_t max_bytes = 0;
  std::chrono::milliseconds wait{
      0};  // for the first one; what is ready after it comes along without waiting
};

// There is deliberately no way to reject: a letter leaves the queue by Acknowledge or not at all
// (P1).
//
// Threads: one thread owns a consumer and makes every call; only Wake() and Abort() may come from
// any thread.
// That thread must come back to Receive() within a heartbeat (10 s): it never waits for the ledger.
class Consumer {
 public:
  virtual ~Consumer() = default;

  // Connects where needed and begins to consume with this prefetch (messages outstanding at most).
  // Calling it while subscribed changes the prefetch: nothing in hand is given back and tags stay
  // good. Declares nothing.
  [[nodiscard]] virtual BrokerResult<void> Subscribe(std::size_t prefetch) = 0;

  // What is ready, oldest first, tags ascending. Empty: nothing came in time, or Wake() was called.
  // After an error the channel is gone, what was not acknowledged goes back to the queue, and
  // Subscribe() begins anew. Also after Cancel(), to keep the connection alive and see it die.
  [[nodiscard]] virtual BrokerResult<std::vector<Delivery>> Receive(
      const ReceiveLimits& limits) = 0;

  // Keeps the connection alive (heartbeats) without taking any letter in: for when our buffer is
  // full and the socket is not to be read. Waits up to `wait`, or until Wake().
  [[nodiscard]] virtual BrokerResult<void> KeepAlive(std::chrono::milliseconds wait) = 0;

  // Acknowledges every delivery up to and including `tag`, all at once. A tag of an earlier
  // generation is passed over (its delivery went back to the queue long ago), and so is number 0.
  // Success means written, not arrived: if it is lost, the delivery comes again and its key makes
  // that harmless.
  [[nodiscard]] virtual BrokerResult<void> AcknowledgeUpTo(DeliveryTag tag) = 0;

  // Ends the subscription; what was delivered stays unacknowledged in our hands and may still be
  // acknowledged. Deliveries that were on their way come out of the next Receive().
  [[nodiscard]] virtual BrokerResult<void> Cancel() = 0;

  // Closes the channel and the connection; the broker puts back what is unacknowledged. Never
  // fails.
  virtual void Close() = 0;

  // Ends a Receive() in progress, or the next one, early. Any thread.
  virtual void Wake() = 0;

  // Ends whatever call is in progress, and lets each later one fail with kUnreachable: for when the
  // broker does not answer and we must end. What is unacknowledged goes back.
  virtual void Abort() = 0;

  [[nodiscard]] virtual const std::string& queue() const = 0;
};

}  // namespace deadletter
