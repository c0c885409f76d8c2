// Port: sending messages and knowing what became of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "broker/broker_error.h"
#include "letter/message.h"

namespace deadletter {

struct OutgoingMessage {
  Address address;
  Message message;  // message.properties.message_id is set: what consumers drop duplicates by
};

enum class PublishOutcome {
  kConfirmed,   // the broker has taken it, durably where queues are durable, and some queue has it
  kUnroutable,  // the broker took it and no queue wanted it (mandatory: returned, then
                // acknowledged)
  kNoTarget,    // the exchange does not exist, or we may not publish to it
  // The broker says that it did not keep it; of several queues one may have it all the same.
  kNacked,
  kInDoubt,      // sent, and the connection died before the answer: perhaps there, perhaps not
  kUnavailable,  // not sent
};

[[nodiscard]] std::string_view PublishOutcomeName(
    PublishOutcome outcome);  // "confirmed", …: metric label

struct PublishResult {
  PublishOutcome outcome = PublishOutcome::kUnavailable;
  std::string detail;       // one line where the outcome is not kConfirmed
  bool never_sent = false;  // of kNacked: it cannot be sent at all, and nobody has it
};

// Threads: one thread owns a publisher; only Abort() may come from any thread.
class Publisher {
 public:
  virtual ~Publisher() = default;

  // Publishes each as mandatory and persistent where it says so, waits for the confirms, and gives
  // one result a message, in order. Connects where needed; never throws, never waits longer than
  // its own limit (30 s) for an answer. One bad target does not spoil the others: after a closed
  // channel the rest is sent until the culprit stands alone. A publisher that was made to send
  // nothing twice leaves what had no answer then in doubt instead.
  [[nodiscard]] virtual std::vector<PublishResult> Publish(
      std::span<const OutgoingMessage> messages) = 0;

  // Asks without publishing whether the exchange is there (relay readiness).
  [[nodiscard]] virtual BrokerResult<bool> ExchangeExists(const std::string& exchange) = 0;

  // Keeps an idle connection alive (heartbeats); to be called at least every 5 s by the owner.
  virtual void KeepAlive() = 0;
  virtual void Close() = 0;

  // Ends a Publish() in progress at once: what has no answer is in doubt, what was not sent is
  // unavailable; later calls send nothing. Any thread; for a stop in an outage.
  virtual void Abort() = 0;
};

}  // namespace deadletter
