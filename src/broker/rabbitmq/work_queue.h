// The port WorkQueue on RabbitMQ: basic.get, for the demo and for tests.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "broker/rabbitmq/connection.h"
#include "broker/rabbitmq/io_thread.h"
#include "broker/rabbitmq/options.h"
#include "broker/work_queue.h"

namespace deadletter::rabbitmq {

// A lease has no end of its own: the broker takes it back when the connection goes, or after its
// own acknowledgement timeout. Each queue has a channel of its own, so that what one is refused
// does not cost the others their leases.
class RabbitWorkQueue final : public WorkQueue {
 public:
  explicit RabbitWorkQueue(Options options);
  ~RabbitWorkQueue() override;

  [[nodiscard]] BrokerResult<std::vector<Lease>> Take(const std::string& queue, std::size_t max,
                                                      std::chrono::milliseconds duration,
                                                      std::chrono::milliseconds wait) override;
  [[nodiscard]] BrokerResult<bool> Acknowledge(const std::string& lease_id) override;
  [[nodiscard]] BrokerResult<bool> Reject(const std::string& lease_id, bool requeue) override;
  [[nodiscard]] BrokerResult<bool> Extend(const std::string& lease_id,
                                          std::chrono::milliseconds duration) override;
  [[nodiscard]] WorkQueueCapabilities capabilities() const override {
    return {.can_extend = false};
  }

 private:
  struct Place {
    std::string queue;
    std::uint64_t number = 0;
  };

  // All of these run on io_.
  [[nodiscard]] BrokerResult<void> TakeReady(const std::string& queue, std::size_t max,
                                             std::chrono::milliseconds duration,
                                             std::vector<Lease>& leases);
  [[nodiscard]] BrokerResult<amqp_channel_t> ChannelOf(const std::string& queue);
  [[nodiscard]] BrokerResult<std::optional<Delivery>> GetOne(const std::string& queue,
                                                             amqp_channel_t channel);
  [[nodiscard]] BrokerResult<bool> Settle(const std::string& lease_id, bool acknowledge,
                                          bool requeue);
  void TakeNews();
  void Drop();

  Options options_;
  std::mutex mutex_;  // callers come from any thread
  std::unique_ptr<Connection> connection_;
  std::uint64_t generation_ = 0;
  amqp_channel_t next_channel_;
  std::vector<amqp_channel_t> closed_channels_;                  // numbers to be used again
  std::map<std::string, amqp_channel_t, std::less<>> channels_;  // by queue
  std::map<std::string, Place, std::less<>> places_;             // by lease
  IoThread io_{kReceivingStackBytes};  // last, so that it ends before what its functions use
};

}  // namespace deadletter::rabbitmq
