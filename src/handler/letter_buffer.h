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

  // Of a queue that is no more: it never comes again.
  [[nodiscard]] bool IsGone() const {
    return !judgements.empty() && judgements.front().letter.delivery.tag.number == 0;
  }
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

  // Whether there is a letter that may be taken now. One that comes alone (it comes often, or is
  // larger than a batch) is taken while no other batch is out, and none while it is: it may kill us
  // (P1), or there would be more in memory than may be (P9).
  [[nodiscard]] bool CanTake() const;
  // The same, and there is as much as may be taken at once, or nearly: a letter that comes alone
  // may end the batch early.
  [[nodiscard]] bool CanTakeWhole(std::size_t limit) const;

  // The first letter is of a queue that is no more.
  [[nodiscard]] bool BeginsWithGone() const;

  // The first letters, `limit` at most, either of a queue that is or of one that is no more.
  // `to_judge`: the places in it of letters whose judgement is absent, or older than it may be.
  [[nodiscard]] TakenBatch Take(std::size_t limit, Instant now, std::vector<std::size_t>& to_judge);
  // The batch is out no more, and its bytes make room for others.
  void Release(const TakenBatch& batch);

  [[nodiscard]] std::size_t letters() const { return received_.size(); }
  // Of what was taken and not released, too.
  [[nodiscard]] std::size_t bytes() const { return received_bytes_ + taken_bytes_; }

  // What was not taken comes again, but for letters whose queue is no more.
  void Drop();
  // The queue of what was not taken is no more: it never comes again, and there is nothing to
  // acknowledge.
  void LetGo();

 private:
  [[nodiscard]] bool ComesAlone(const Received& received) const;
  [[nodiscard]] static bool IsGone(const Received& received);

  const std::size_t max_batch_bytes_;
  std::deque<Received> received_;
  std::size_t received_bytes_ = 0;
  std::size_t taken_bytes_ = 0;
  std::size_t batches_out_ = 0;  // taken, and not released
  bool lone_one_is_out_ = false;
};

}  // namespace deadletter
