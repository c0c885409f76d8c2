// Port: what people add to a letter: notes and tags. They change nothing else of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"
#include "ledger/audit.h"
#include "ledger/ledger_error.h"
#include "letter/letter.h"

namespace deadletter {

// So that one letter fits an answer (P9).
inline constexpr std::size_t kMaxNotesOfLetter = 200;
inline constexpr std::size_t kMaxTagsOfLetter = 32;

struct Note {
  Uuid id;  // version 7: the order in which they were written
  Instant at;
  std::string who;
  std::string text;
};

struct TagChange {
  std::vector<std::string> add;     // no tag is in both, and none twice
  std::vector<std::string> remove;  // those that the letter does not have are passed over
};

enum class RemarkOutcome {
  kDone,
  kNoSuchLetter,  // nothing happened
  kTooMany,       // the letter would have more than it may: nothing happened
};

struct TagResult {
  RemarkOutcome outcome = RemarkOutcome::kDone;
  std::vector<std::string> tags;  // of the letter from now on, sorted by their bytes
};

// Each change is one transaction with the entry of the audit that tells of it; without the change
// there is no entry. Threads: one makes the calls; only Abort() may come from any.
class Remarks {
 public:
  virtual ~Remarks() = default;

  // A note is never changed afterwards.
  [[nodiscard]] virtual LedgerResult<RemarkOutcome> AddNote(LetterId letter, const Note& note,
                                                            const AuditEntry& entry) = 0;
  [[nodiscard]] virtual LedgerResult<TagResult> ChangeTags(LetterId letter, const TagChange& change,
                                                           const AuditEntry& entry) = 0;

  // Ends a call in progress, and lets each later one fail (kInDoubt where it was committing).
  virtual void Abort() = 0;
};

}  // namespace deadletter
