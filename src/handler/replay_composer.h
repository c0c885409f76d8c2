// From a letter to the message that is sent for it: pure.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "handler/judge.h"
#include "ledger/replay_work.h"
#include "letter/letter_format.h"
#include "letter/letter_reader.h"
#include "letter/replay_edit.h"

namespace deadletter {

// A letter's message, ready but for its attempt stamp; or why there is none.
struct ComposedReplay {
  Letter letter;  // as it came; its body has moved to `message`
  Address address;
  std::string queue;  // that it will wait in; empty where nothing tells
  Message message;
  bool has_stamp = false;             // the message carries one, which is to be renewed
  std::string problem;                // not empty: why it cannot be sent, in one line
  bool is_unsent = false;             // its execution waits for it since an earlier claim
  std::optional<Instant> claimed_at;  // by us, when it was claimed last
};

// Immutable after construction.
class ReplayComposer {
 public:
  ReplayComposer(const LetterReader& reader, const LetterFormat& format, const Judge& judge,
                 EditGuard guard)
      : reader_(reader), format_(format), judge_(judge), guard_(std::move(guard)) {}

  // Total. `edit` is what the replay wants changed; where EditMessage() cannot do it, that is a
  // problem.
  [[nodiscard]] ComposedReplay operator()(const DrivenReplay& replay, const ReplayEdit& edit,
                                          ReplayCandidate candidate) const;
  // Puts the stamp in. False, with `problem` set: it does not go in.
  [[nodiscard]] bool Stamp(ComposedReplay& composed, Instant stamp) const;
  // What its execution is told if no queue takes the message.
  [[nodiscard]] ReplayResult Unroutable(const ComposedReplay& composed, std::string detail) const;

 private:
  void Edit(const ReplayEdit& edit, ComposedReplay& composed) const;

  const LetterReader& reader_;
  const LetterFormat& format_;
  const Judge& judge_;
  const EditGuard guard_;
};

}  // namespace deadletter
