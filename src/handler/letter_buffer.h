// Letters that were received and not taken yet, in the order of the queue, and how many bytes they
// and those in hand take (P9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "handler/judge.h"

namespace deadletter {

// A letter that was delivered so often and not acknowledged that it may be the reason.
[[nodiscard]] bool ComesOften(const Letter& letter);

// Letters that were taken together, judged, in the order of the queue.
struct TakenBatch {
  std::uint64_t number = 0;  // of those in hand
  std::vector<Judgement> judgements;
  std::size_t bytes = 0;  // Judgement::BufferedBytes(), of all
};

// No lock of its own.
class LetterBuffer {
 public:
  struct Received {
    Judgement judgement;
    std::size_t bytes = 0;             // BufferedBytes(), which goes through all headers
    std::optional<Instant> judged_at;  // absent: there is only its letter yet
  };

  // Bytes of a batch at most; one larger letter comes alone.
  explicit LetterBuffer(std::size_t max_batch_bytes) : max_batch_bytes_(max_batch_bytes) {}

  void Add(Received received);

  // The first letters, `limit` at most. A letter that comes often comes alone. `to_judge`: the
  // places in it of letters whose judgement is absent, or older than it may be.
  [[nodiscard]] TakenBatch Take(std::size_t limit, Instant now, std::vector<std::size_t>& to_judge);
  // Its bytes make room for others.
  void Release(const TakenBatch& batch);

  // Whether Take() gives as much as it may at once, and not a letter that comes alone.
  [[nodiscard]] bool HasWholeBatch(std::size_t limit) const;
  [[nodiscard]] bool IsEmpty() const { return received_.empty(); }
  [[nodiscard]] std::size_t letters() const { return received_.size(); }
  // Of what was taken and not released, too.
  [[nodiscard]] std::size_t bytes() const { return received_bytes_ + taken_bytes_; }

  // What was not taken comes again.
  void Drop();
  // What was not taken never comes again, and there is nothing to acknowledge.
  void ForgetTags();

 private:
  const std::size_t max_batch_bytes_;
  std::deque<Received> received_;
  std::size_t received_bytes_ = 0;
  std::size_t taken_bytes_ = 0;
};

}  // namespace deadletter
