// The embedded queue as it should be, in memory and as simple as can be: what queue_fuzz.cc holds
// the real one to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "broker/embedded/topology_specs.h"
#include "letter/death.h"

namespace deadletter::fuzz {

struct ModelDeath {
  std::size_t queue = 0;
  Reason reason = Reason::kUnknown;
  std::int64_t count = 0;
  Instant first;
};

struct ModelMessage {
  int name = 0;             // never given twice; the body of the real one
  std::size_t queue = 0;    // by its place among the specs
  std::uint64_t place = 0;  // in the order of all queues
  Instant ready_at;
  std::optional<Instant> expires_at;
  std::int64_t returns = 0;
  bool delivered = false;
  bool leased = false;
  std::optional<Instant> lease_until;  // leased without it: by a consumer
  int lease = 0;                       // which one; a consumer's are all of its queue's
  std::vector<ModelDeath> deaths;      // newest first
};

struct ModelCounts {
  std::size_t ready = 0;
  std::size_t unacknowledged = 0;
};

// Of queues whose dead go to one other queue each, or nowhere.
class QueueModel {
 public:
  struct Queue {
    QueueSpec spec;
    std::optional<std::size_t> dead_go_to;
  };

  QueueModel(std::vector<Queue> queues, Instant now) : queues_(std::move(queues)), now_(now) {}

  void Advance(Microseconds by) { now_ += by; }
  void Publish(std::size_t queue, int name, std::optional<std::chrono::milliseconds> own_ttl);
  // The oldest ready ones, now leased. Each under the next number from `first_lease`, or all under
  // that of their consumer, where no time ends the lease.
  std::vector<ModelMessage> Take(std::size_t queue, std::size_t max,
                                 std::optional<Instant> lease_until, int first_lease);
  bool Acknowledge(int lease, int name);
  bool Reject(int lease, bool requeue);
  bool Extend(int lease, Instant until);
  void ReturnAllOfConsumer(std::size_t queue);
  void ReturnAllOfConsumers();  // in the order of the queues' places: what an opening finds
  // What is due happens: leases end, messages expire.
  void HandleDue();

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] const std::vector<Queue>& queues() const { return queues_; }
  [[nodiscard]] ModelCounts Count(std::size_t queue) const;
  [[nodiscard]] const std::vector<ModelMessage>& messages() const { return messages_; }

 private:
  using Messages = std::vector<ModelMessage>;

  void Insert(ModelMessage message, std::size_t queue, Instant at,
              std::optional<std::chrono::milliseconds> own_ttl);
  void Return(Messages::iterator message, Instant at);
  void Bury(Messages::iterator message, Reason reason, Instant at);
  void BuryOverflow(Instant at);
  bool HandleOneDue();
  Messages::iterator Leased(int lease);

  std::vector<Queue> queues_;
  Instant now_;
  std::uint64_t last_place_ = 0;
  Messages messages_;  // in the order of their places
};

}  // namespace deadletter::fuzz
