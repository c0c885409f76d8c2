// The WorkQueue port over the embedded queue file, whose leases last.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>

#include "broker/embedded/broker.h"
#include "broker/embedded/leasing.h"
#include "broker/work_queue.h"

namespace deadletter {

// A lease belongs to whoever knows its id, not to this object nor to its process: a worker may
// answer after the server was started anew. When its time is over the message goes back to the
// queue, which counts as a delivery.
class EmbeddedWorkQueue final : public LastingWorkQueue {
 public:
  static constexpr std::chrono::milliseconds kMaxLease = std::chrono::hours(24 * 7);

  explicit EmbeddedWorkQueue(std::shared_ptr<EmbeddedBroker> broker) : broker_(std::move(broker)) {}

  [[nodiscard]] BrokerResult<std::vector<Lease>> Take(const std::string& queue, std::size_t max,
                                                      std::chrono::milliseconds duration,
                                                      std::chrono::milliseconds wait) override;
  [[nodiscard]] BrokerResult<bool> Acknowledge(const std::string& lease_id) override;
  [[nodiscard]] BrokerResult<bool> Reject(const std::string& lease_id, bool requeue) override;
  [[nodiscard]] BrokerResult<bool> Extend(const std::string& lease_id,
                                          std::chrono::milliseconds duration) override;
  [[nodiscard]] WorkQueueCapabilities capabilities() const override { return {.can_extend = true}; }

  [[nodiscard]] BrokerResult<std::vector<Lease>> TakeReady(
      const std::string& queue, std::size_t max, std::size_t max_bytes,
      std::chrono::milliseconds duration) override;
  [[nodiscard]] BrokerResult<bool> AwaitReady(const std::string& queue,
                                              std::chrono::milliseconds wait,
                                              const std::stop_token& stop) override;
  [[nodiscard]] BrokerResult<void> PutBack(std::span<const std::string> lease_ids) override;
  [[nodiscard]] BrokerResult<std::optional<Delivery>> Find(const std::string& lease_id) override;

 private:
  BrokerResult<std::vector<Lease>> TakeWithin(const std::string& queue,
                                              const embedded::TakeLimits& limits,
                                              std::chrono::milliseconds duration);

  std::shared_ptr<EmbeddedBroker> broker_;
  const std::atomic<bool> never_woken_ = false;
};

}  // namespace deadletter
