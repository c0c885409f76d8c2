// Port: who did what. Append-only: nothing here changes or removes an entry, the tables refuse it,
// and the rights that `migrate --print` grants leave out what would be needed for it (P8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"
#include "ledger/ledger_error.h"

namespace deadletter {

// One act of a person. Texts are UTF-8 without NUL.
struct AuditEntry {
  Uuid id;  // version 7: the order in which they were made
  Instant at;
  std::string who;   // the token's name, or "local"
  std::string role;  // that they had then
  std::string what;  // "note", "tag", "reveal", …
  // The id of what it was done to: of a letter, or of what selected the letters.
  std::string subject;
  std::int64_t letters = 1;  // how many letters it was done to
  std::string detail;
  std::string outcome = "done";  // how it ended
};

// Every filter that is set must hold; text is compared exactly.
struct AuditFilter {
  std::optional<std::string> who;
  std::optional<std::string> what;
  std::optional<std::string> subject;
  std::optional<Instant> since;  // at >=
  std::optional<Instant> until;  // at <
};

struct AuditPage {
  std::vector<AuditEntry> entries;  // newest first: by id, descending
  std::optional<Uuid> next;         // the last id given, where there may be more
};

// Threads: one makes the calls; only Abort() may come from any.
class Audit {
 public:
  virtual ~Audit() = default;

  // Committed when this returns: for what changes nothing in the ledger but must be known before it
  // happens. Changes write their entry themselves, in their own transaction.
  [[nodiscard]] virtual LedgerResult<void> Record(const AuditEntry& entry) = 0;

  // At most `limit` entries after (older than) `after`; without it from the newest.
  [[nodiscard]] virtual LedgerResult<AuditPage> List(const AuditFilter& filter, std::size_t limit,
                                                     std::optional<Uuid> after) = 0;

  // Ends a call in progress, and lets each later one fail with kUnavailable.
  virtual void Abort() = 0;
};

}  // namespace deadletter
