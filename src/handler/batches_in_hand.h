// Up to where letters may be acknowledged when several batches of one queue are settled side by
// side. An acknowledgement is for its letter and for all that were delivered before it, so that a
// batch that is recorded first must wait for those that were taken before it (P1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>

#include "broker/consumer.h"

namespace deadletter {

// Pure: no thread of its own, no lock. Numbers begin with 1 and are never used again.
class BatchesInHand {
 public:
  // A batch was taken, behind all that were taken before.
  std::uint64_t Take();
  // The same of letters whose queue is no more: they never come again, and nothing is acknowledged.
  std::uint64_t TakeGone();

  // The letters of that batch are recorded up to this one; `is_all`: there is none behind it. Up to
  // where all letters are by now; absent where that is no further than before, where nothing is to
  // be acknowledged, and for a batch that was forgotten.
  std::optional<DeliveryTag> Recorded(std::uint64_t batch, DeliveryTag tag, bool is_all);

  // Not recorded whole, nor forgotten.
  [[nodiscard]] bool Has(std::uint64_t batch) const;
  [[nodiscard]] bool IsGone(std::uint64_t batch) const { return gone_.contains(batch); }

  // What was taken is the broker's again: it is delivered anew, and nobody acknowledges it.
  void Forget() { batches_.clear(); }
  // What was taken is ours alone: the queue is no more.
  void LetGo();

 private:
  struct Batch {
    std::uint64_t number = 0;
    std::optional<DeliveryTag> recorded_to;
    bool is_recorded = false;  // the whole of it
  };

  std::deque<Batch> batches_;  // in the order of the queue; the first is not recorded yet
  std::set<std::uint64_t> gone_;
  std::uint64_t last_number_ = 0;
};

}  // namespace deadletter
