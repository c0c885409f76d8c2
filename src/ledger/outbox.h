// Port: messages that were committed and wait to be published.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ledger/ledger_error.h"
#include "letter/message.h"

namespace deadletter {

enum class OutboxKind { kEvent, kRetry, kSubmit };

struct OutboxEntry {
  std::int64_t id = 0;
  OutboxKind kind = OutboxKind::kEvent;
  Address address;
  Message message;   // message_id set; the same at every attempt
  int attempts = 0;  // before this one
  // Not empty: why it must not be published now, in one line; the message may then be incomplete.
  std::string withheld;
};

enum class OutboxMark {
  kPublished,   // confirmed: the entry is done and goes
  kUnroutable,  // kept and counted; tried again at `retry_at`
  kAgain,       // nacked or in doubt; tried again at `retry_at` with the same message_id
  kUntried,     // not sent, for the broker was away: due again at `retry_at`, and no attempt of it
};

struct OutboxResult {
  std::int64_t id = 0;
  OutboxMark mark = OutboxMark::kAgain;
  std::string detail;  // one line, shown to operators; empty for kPublished
  Instant retry_at;
};

struct OutboxBacklog {
  std::int64_t pending = 0;
  std::int64_t unroutable = 0;              // of those pending
  std::chrono::microseconds oldest{0};      // age of the oldest pending one
  std::int64_t unroutable_submissions = 0;  // of those unroutable
};

// Threads: one an outbox.
class Outbox {
 public:
  virtual ~Outbox() = default;

  // Entries that are due, oldest first, leased for `lease` so that other instances pass them over.
  // Of the events of one execution only the oldest pending one is ever given out, so that they
  // leave in the order they were recorded; nothing else waits for anything but its time. If we die
  // with a lease, the entry is claimed again after it: published at least once.
  //
  // A retry whose execution waits for it no longer (it is final, not failable any more, or gone, or
  // waits for another message) is not given out: its entry goes, and its letter closes and says
  // why. Where that cannot be told, and where the record of an entry is damaged, the entry is given
  // out `withheld`, for the caller to put off; it hides no other.
  [[nodiscard]] virtual LedgerResult<std::vector<OutboxEntry>> Claim(
      Instant now, std::size_t limit, std::size_t max_bytes, std::chrono::milliseconds lease) = 0;
  [[nodiscard]] virtual LedgerResult<void> Mark(std::span<const OutboxResult> results) = 0;
  // For a clock that was set back: makes due `now` what waits for later than it ever should. That
  // is what was never tried, and anything further off than `longest_wait`; a retry that was never
  // tried has a time of its own and is left alone.
  [[nodiscard]] virtual LedgerResult<void> BringForward(Instant now,
                                                        std::chrono::microseconds longest_wait) = 0;
  [[nodiscard]] virtual LedgerResult<OutboxBacklog> Backlog(Instant now) = 0;
  virtual void Abort() = 0;  // as Settlement::Abort
};

}  // namespace deadletter
