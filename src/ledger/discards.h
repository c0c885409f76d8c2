// Port: closing letters that nobody needs to look at any more. They stay in the ledger, and nothing
// else of them changes: their outcome says what happened, as before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "ledger/audit.h"
#include "ledger/catalog.h"
#include "ledger/ledger_error.h"

namespace deadletter {

// Of the letters of a selection. Each is counted once.
struct DiscardCounts {
  std::int64_t letters = 0;    // selected
  std::int64_t discarded = 0;  // open, and closed by it
  std::int64_t taken = 0;      // passed over: a replay has them
  std::int64_t waiting = 0;    // passed over: deferred or retried, they are on their way
  std::int64_t closed = 0;     // passed over: there was nothing left to do
};

// Threads: one makes the calls; only Abort() may come from any.
class Discards {
 public:
  virtual ~Discards() = default;

  // What Discard() would do, and nothing is changed.
  [[nodiscard]] virtual LedgerResult<DiscardCounts> Preview(const LetterSelection& selection,
                                                            std::size_t max_letters) = 0;

  // One transaction: closes the open letters of the selection, notes in the history of each a step
  // `discarded` with `detail`, and writes the audit's entry; how many letters it was done to is
  // counted by the ledger, and without one there is no entry. Takes turns with those who make
  // replays, so that no letter is discarded and replayed at once. Of more than `max_letters` none
  // is, and `letters` is then max_letters + 1.
  [[nodiscard]] virtual LedgerResult<DiscardCounts> Discard(const LetterSelection& selection,
                                                            std::size_t max_letters,
                                                            const std::string& detail, Instant now,
                                                            const AuditEntry& entry) = 0;

  // Ends a call in progress, and lets each later one fail (kInDoubt where it was committing).
  virtual void Abort() = 0;
};

}  // namespace deadletter
