#include "handler/batches_in_hand.h"

#include <algorithm>
#include <utility>

namespace deadletter {

std::uint64_t BatchesInHand::Take() {
  batches_.push_back({.number = ++last_number_, .recorded_to = {}, .is_recorded = false});
  return last_number_;
}

std::uint64_t BatchesInHand::TakeGone() {
  gone_.insert(++last_number_);
  return last_number_;
}

void BatchesInHand::LetGo() {
  for (const Batch& batch : batches_)
    if (!batch.is_recorded) gone_.insert(batch.number);
  batches_.clear();
}

bool BatchesInHand::Has(std::uint64_t batch) const {
  if (IsGone(batch)) return true;
  const auto found = std::ranges::find(batches_, batch, &Batch::number);
  return found != batches_.end() && !found->is_recorded;
}

std::optional<DeliveryTag> BatchesInHand::Recorded(std::uint64_t batch, DeliveryTag tag,
                                                   bool is_all) {
  if (is_all) gone_.erase(batch);
  const auto found = std::ranges::find(batches_, batch, &Batch::number);
  if (found == batches_.end()) return std::nullopt;
  found->recorded_to = tag;
  found->is_recorded = is_all;
  std::optional<DeliveryTag> all_to;
  while (!batches_.empty() && batches_.front().is_recorded) {
    all_to = batches_.front().recorded_to;
    batches_.pop_front();
  }
  // Of the first that is not recorded whole, what is; and only once.
  if (!batches_.empty() && batches_.front().recorded_to)
    all_to = std::exchange(batches_.front().recorded_to, std::nullopt);
  return all_to;
}

}  // namespace deadletter
