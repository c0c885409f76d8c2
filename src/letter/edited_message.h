// The message that is sent for a letter, as an edit changes it; and whether it may be sent so.
#pragma once

#include "letter/letter_reader.h"
#include "letter/replay_edit.h"

namespace deadletter {

struct EditedMessage {
  Message message;
  bool has_stamp = false;  // it carries an attempt stamp
};

// `letter` as it came, perhaps without its body, which `message` has (MakeReplayMessage). The
// error, one line: `guard` says no; the edit cannot be done; or what comes of it is about another
// execution, and so would be that one's work while ours waits for nothing.
[[nodiscard]] Result<EditedMessage> EditMessage(const ReplayEdit& edit, const Letter& letter,
                                                Message message, const LetterReader& reader,
                                                std::size_t max_body_bytes, const EditGuard& guard);

}  // namespace deadletter
