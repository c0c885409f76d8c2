// Port: being a worker. The handler itself never needs it; the demo, tests and the embedded pair's
// HTTP calls do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker_error.h"
#include "letter/delivery.h"

namespace deadletter {

struct Lease {
  std::string
      id;  // opaque; good until acknowledged, rejected, expired or the queue's owner went away
  Delivery delivery;
  Instant until;
};

struct WorkQueueCapabilities {
  bool can_extend = false;  // leases end at a time, and Extend() moves it
};

// Threads: any, unless an adapter says otherwise.
class WorkQueue {
 public:
  virtual ~WorkQueue() = default;

  // Up to `max` ready messages of `queue`, each ours for `duration`; empty when none came within
  // `wait`.
  [[nodiscard]] virtual BrokerResult<std::vector<Lease>> Take(const std::string& queue,
                                                              std::size_t max,
                                                              std::chrono::milliseconds duration,
                                                              std::chrono::milliseconds wait) = 0;
  // False: the lease was no longer ours; the message is somebody else's or dead.
  [[nodiscard]] virtual BrokerResult<bool> Acknowledge(const std::string& lease_id) = 0;
  // requeue = false dead-letters it with reason `rejected`.
  [[nodiscard]] virtual BrokerResult<bool> Reject(const std::string& lease_id, bool requeue) = 0;
  [[nodiscard]] virtual BrokerResult<bool> Extend(const std::string& lease_id,
                                                  std::chrono::milliseconds duration) = 0;
  [[nodiscard]] virtual WorkQueueCapabilities capabilities() const = 0;
};

}  // namespace deadletter
