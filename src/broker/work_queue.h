// Port: being a worker. The handler itself never needs it; the demo, tests and the embedded pair's
// HTTP calls do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
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

// A work queue whose leases last: whoever knows the id of one may answer for it, on any connection
// and after a restart, until its time is over. What workers need who come with one request at a
// time.
class LastingWorkQueue : public WorkQueue {
 public:
  // Take() without waiting, and no more than `max_bytes` of messages; one larger message is given
  // alone.
  [[nodiscard]] virtual BrokerResult<std::vector<Lease>> TakeReady(
      const std::string& queue, std::size_t max, std::size_t max_bytes,
      std::chrono::milliseconds duration) = 0;
  // Until there may be something to take from `queue`: true. False: `wait` is over, or `stop` was
  // requested. It is nobody's yet: another may be faster.
  [[nodiscard]] virtual BrokerResult<bool> AwaitReady(const std::string& queue,
                                                      std::chrono::milliseconds wait,
                                                      const std::stop_token& stop) = 0;
  // As if these had never been taken: back in their places, and it counts as no delivery. What is
  // not (or no longer) leased so is passed over.
  [[nodiscard]] virtual BrokerResult<void> PutBack(std::span<const std::string> lease_ids) = 0;
  // What a lease is of. Nothing: it is not (or no longer) ours.
  [[nodiscard]] virtual BrokerResult<std::optional<Delivery>> Find(const std::string& lease_id) = 0;
};

}  // namespace deadletter
