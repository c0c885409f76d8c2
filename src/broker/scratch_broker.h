// Port: an exchange and queues for a while, beside everybody's own: what a measurement works on.
#pragma once

#include <chrono>
#include <string>

#include "broker/broker_error.h"

namespace deadletter {

// Names that nobody else has. The routing key of a message is the name of the queue that it goes
// to.
struct ScratchPlan {
  std::string exchange;
  std::string dying_queue;    // what comes here dies at once, of its time to live of 0 …
  std::string letters_queue;  // … and is here then
  std::string events_queue;
  // What nobody has removed is gone after so long without use, where the broker can do that.
  std::chrono::milliseconds unused_for{3'600'000};
};

// Threads: one at a time.
class ScratchBroker {
 public:
  virtual ~ScratchBroker() = default;
  // Declares all of it, durable. kRefused: a right is missing, and the message says which. After an
  // error a part of it may be there.
  [[nodiscard]] virtual BrokerResult<void> Make(const ScratchPlan& plan) = 0;
  // With all that is in the queues. What is not there is passed over.
  [[nodiscard]] virtual BrokerResult<void> Remove(const ScratchPlan& plan) = 0;
};

}  // namespace deadletter
