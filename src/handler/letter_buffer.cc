#include "handler/letter_buffer.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace deadletter {
namespace {

constexpr std::uint64_t kOftenDelivered = 3;

// Long enough for whatever lies in the buffer while all goes well.
constexpr std::chrono::seconds kJudgementHolds(1);

}  // namespace

bool ComesOften(const Letter& letter) {
  return letter.delivery.DeliveryCount() >= kOftenDelivered;
}

void LetterBuffer::Add(Received received) {
  received_bytes_ += received.bytes;
  received_.push_back(std::move(received));
}

bool LetterBuffer::ComesAlone(const Received& received) const {
  return ComesOften(received.judgement.letter) || received.bytes > max_batch_bytes_;
}

bool LetterBuffer::IsGone(const Received& received) {
  return received.judgement.letter.delivery.tag.number == 0;
}

bool LetterBuffer::BeginsWithGone() const {
  return !received_.empty() && IsGone(received_.front());
}

bool LetterBuffer::CanTake() const {
  if (received_.empty() || lone_one_is_out_) return false;
  return batches_out_ == 0 || !ComesAlone(received_.front());
}

bool LetterBuffer::CanTakeWhole(std::size_t limit) const {
  if (!CanTake() || ComesAlone(received_.front())) return false;
  return received_.size() >= limit || received_bytes_ >= max_batch_bytes_;
}

TakenBatch LetterBuffer::Take(std::size_t limit, Instant now, std::vector<std::size_t>& to_judge) {
  TakenBatch batch;
  batch.judgements.reserve(std::min(limit, received_.size()));
  while (!received_.empty() && batch.judgements.size() < limit) {
    Received& next = received_.front();
    const bool alone = ComesAlone(next);
    const bool fits =
        !alone && batch.bytes + next.bytes <= max_batch_bytes_ && IsGone(next) == batch.IsGone();
    if (!batch.judgements.empty() && !fits) break;
    batch.bytes += next.bytes;
    if (!next.judged_at || now - *next.judged_at > kJudgementHolds)
      to_judge.push_back(batch.judgements.size());
    batch.judgements.push_back(std::move(next.judgement));
    received_.pop_front();
    lone_one_is_out_ = alone;
    if (alone) break;
  }
  received_bytes_ -= batch.bytes;
  taken_bytes_ += batch.bytes;
  ++batches_out_;
  return batch;
}

void LetterBuffer::Release(const TakenBatch& batch) {
  if (batch.judgements.empty()) return;  // nothing was taken
  taken_bytes_ -= batch.bytes;
  if (--batches_out_ == 0) lone_one_is_out_ = false;
}

void LetterBuffer::Drop() {
  std::erase_if(received_, [this](const Received& one) {
    if (IsGone(one)) return false;
    received_bytes_ -= one.bytes;
    return true;
  });
}

void LetterBuffer::LetGo() {
  for (Received& one : received_) one.judgement.letter.delivery.tag = {};
}

}  // namespace deadletter
