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

TakenBatch LetterBuffer::Take(std::size_t limit, Instant now, std::vector<std::size_t>& to_judge) {
  TakenBatch batch;
  batch.judgements.reserve(std::min(limit, received_.size()));
  while (!received_.empty() && batch.judgements.size() < limit) {
    Received& next = received_.front();
    const bool alone = ComesOften(next.judgement.letter);
    const bool fits = !alone && batch.bytes + next.bytes <= max_batch_bytes_;
    if (!batch.judgements.empty() && !fits) break;
    batch.bytes += next.bytes;
    if (!next.judged_at || now - *next.judged_at > kJudgementHolds)
      to_judge.push_back(batch.judgements.size());
    batch.judgements.push_back(std::move(next.judgement));
    received_.pop_front();
    if (alone) break;
  }
  received_bytes_ -= batch.bytes;
  taken_bytes_ += batch.bytes;
  return batch;
}

void LetterBuffer::Release(const TakenBatch& batch) {
  taken_bytes_ -= batch.bytes;
}

bool LetterBuffer::HasWholeBatch(std::size_t limit) const {
  if (received_.empty()) return false;
  const Received& next = received_.front();
  if (ComesOften(next.judgement.letter) || next.bytes > max_batch_bytes_) return false;
  return received_.size() >= limit || received_bytes_ >= max_batch_bytes_;
}

void LetterBuffer::Drop() {
  received_.clear();
  received_bytes_ = 0;
}

void LetterBuffer::ForgetTags() {
  for (Received& one : received_) one.judgement.letter.delivery.tag = {};
}

}  // namespace deadletter
