// Giving messages to somebody for a while, and taking their answers.
#pragma once

#include <chrono>
#include <limits>
#include <optional>
#include <vector>

#include "broker/embedded/tables.h"
#include "letter/delivery.h"

namespace deadletter::embedded {

struct TakeLimits {
  std::size_t max_messages = 1;
  std::size_t max_bytes =
      0;  // taking stops once this many are in hand; one message is always taken
  // And before more than this many would be; one larger message is taken alone.
  std::size_t most_bytes = std::numeric_limits<std::size_t>::max();
};

// How long a message is somebody's: as long as an open broker lives, or until a time.
struct Tenure {
  std::optional<std::int64_t> owner;
  std::optional<Instant> until;
};

struct Taken {
  MessageId id = 0;
  std::int64_t token = 0;  // what answers must bring
  Delivery delivery;       // without a tag
};

// When a wait that begins now is over: a day at the latest, for the clock of waiting cannot hold
// "for ever".
[[nodiscard]] std::chrono::steady_clock::time_point DeadlineAfter(std::chrono::milliseconds wait);

// Never 0, and not to be guessed.
[[nodiscard]] std::int64_t NewToken();

// The oldest ready messages of `queue`, marked as delivered. Without a `token` each gets its own.
[[nodiscard]] std::vector<Taken> Take(Tables& tables, const QueueRow& queue,
                                      const TakeLimits& limits, const Tenure& tenure,
                                      std::optional<std::int64_t> token);

// The message is done and gone. False: it is not (or no longer) leased under this token.
bool Acknowledge(Tables& tables, MessageId id, std::int64_t token);
[[nodiscard]] bool IsLeased(Tables& tables, MessageId id, std::int64_t token);
// What is leased under this token. Nothing: as above.
[[nodiscard]] std::optional<Delivery> FindLeased(Tables& tables, MessageId id, std::int64_t token);
// As if it had not been taken; what is not leased under this token stays as it is.
void PutBack(Tables& tables, MessageId id, std::int64_t token);
bool Extend(Tables& tables, MessageId id, std::int64_t token, Instant until);

}  // namespace deadletter::embedded
