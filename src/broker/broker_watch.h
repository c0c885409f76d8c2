// Port: what only the broker knows of itself, for /readyz and /metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker_error.h"

namespace deadletter {

// Threads: one makes the calls; only Abort() may come from any.
class BrokerWatch {
 public:
  virtual ~BrokerWatch() = default;

  // Whether the broker is there and does its part (embedded: messages expire, leases end).
  [[nodiscard]] virtual BrokerResult<void> Check() = 0;

  // Messages that wait in `queue`: those delivered and not acknowledged are not among them.
  // Nothing: no such queue.
  [[nodiscard]] virtual BrokerResult<std::optional<std::int64_t>> Waiting(
      const std::string& queue) = 0;

  // Of every consumer of `queue`, ours included. Nothing: the broker's endpoint for such questions
  // is not configured.
  [[nodiscard]] virtual BrokerResult<std::optional<std::vector<std::string>>> ConsumerTags(
      const std::string& queue) = 0;

  // Ends a call in progress, and lets each later one fail with kUnreachable.
  virtual void Abort() = 0;
};

}  // namespace deadletter
