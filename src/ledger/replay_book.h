// Port: replays as people make, see and steer them. It only writes rows; the sending is the
// handler's (replay_work.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/audit.h"
#include "ledger/ledger_error.h"
#include "ledger/replay.h"

namespace deadletter {

// Letters of one group that died in one queue: what a person looks at before sending.
struct ReplayPreviewPart {
  GroupId group;
  std::string queue;
  std::int64_t letters = 0;
  LetterId sample;  // the newest of them
};

struct ReplayPreview {
  std::int64_t letters = 0;
  std::int64_t taken = 0;                // of them, by replays that have not ended with them
  std::int64_t waiting = 0;              // of the others: on their way otherwise, and so withdrawn
  std::int64_t closed = 0;               // of the others
  std::vector<ReplayPreviewPart> parts;  // the largest first, at most a hundred
};

struct ReplayMade {
  bool made = false;  // not where there is no letter, every one is taken, or there are too many
  std::int64_t letters = 0;
  std::int64_t taken = 0;
  // Where every one is taken: a replay that has some of them, and how many replays have any.
  std::optional<ReplayId> holder;
  std::int64_t holders = 0;
};

enum class ReplayCommand { kPause, kResume, kCancel };

// What became of a command: nothing where there is no such replay.
struct ReplaySteered {
  bool done = false;                          // false: not from the state that it is in
  ReplayState state = ReplayState::kRunning;  // afterwards
  bool ended = false;                         // before: nothing of it is left to be steered
  std::int64_t withdrawn = 0;                 // letters that a cancel has ended
};

struct ReplayedLetter {
  LetterId letter;
  ReplayStep step = ReplayStep::kPending;
  std::optional<ReplayEnd> end;
  std::string detail;
  std::optional<std::string> execution_id;
  std::optional<Instant> claimed_at;
  std::optional<Instant> sent_at;
  std::optional<Instant> ended_at;
};

// A replay of which there is news, or was shortly ago.
struct MovingReplay {
  ReplayId id;
  bool ended = false;
};

// Each change is one transaction with the entry of the audit that tells of it; without the change
// there is no entry. How many letters it was done to is counted by the ledger: those that were
// still to be sent. Threads: one makes the calls; only Abort() may come from any.
class ReplayBook {
 public:
  virtual ~ReplayBook() = default;

  // What Make() would choose, and nothing is changed.
  [[nodiscard]] virtual LedgerResult<ReplayPreview> Preview(const LetterSelection& selection) = 0;

  // One transaction: freezes the selection. No letter that comes or changes later becomes part of
  // it. A letter belongs to one replay at a time: one that another has not ended with yet is noted
  // as taken. Two calls at once take turns, so that the second one sees what the first one has
  // taken. Nothing is made beyond `max_letters`.
  [[nodiscard]] virtual LedgerResult<ReplayMade> Make(ReplayId id, const ReplaySpec& spec,
                                                      const LetterSelection& selection,
                                                      std::size_t max_letters, Instant now,
                                                      const AuditEntry& entry) = 0;

  // Newest first, after (older than) `after`.
  [[nodiscard]] virtual LedgerResult<std::vector<ReplayRecord>> List(
      std::size_t limit, std::optional<ReplayId> after) = 0;
  [[nodiscard]] virtual LedgerResult<std::optional<ReplayRecord>> Show(ReplayId id) = 0;
  // Newest first: those that have not ended, and those that ended after `ended_after`. Counts no
  // letters.
  [[nodiscard]] virtual LedgerResult<std::vector<MovingReplay>> Moving(Instant ended_after,
                                                                       std::size_t limit) = 0;
  // In the order of receipt, after `after`; with `end` only those that ended so.
  [[nodiscard]] virtual LedgerResult<std::vector<ReplayedLetter>> Letters(
      ReplayId id, std::optional<ReplayEnd> end, std::size_t limit,
      std::optional<LetterId> after) = 0;

  // Once it has returned, no letter is claimed any more under the state before. What is claimed
  // already is sent, whatever the command: its execution waits for it. Cancelling withdraws the
  // letters that are pending. One that has ended stays as it is, whatever its state.
  [[nodiscard]] virtual LedgerResult<std::optional<ReplaySteered>> Steer(
      ReplayId id, ReplayCommand command, Instant now, const AuditEntry& entry) = 0;
  virtual void Abort() = 0;  // as Settlement::Abort
};

}  // namespace deadletter
