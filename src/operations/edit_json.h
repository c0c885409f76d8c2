// What a replay changes in its messages, as JSON.
#pragma once

#include <string>

#include "ledger/catalog.h"
#include "letter/letter_format.h"
#include "letter/replay_edit.h"
#include "operations/redaction.h"

namespace deadletter {

// The edit itself, with "***" for each value that goes where something is hidden; null where there
// is none.
[[nodiscard]] std::string EditJson(const std::string& edit_json, const Redaction& redaction);

// What it would do to the letter's message: {"changes":[{"op","path","before","after"}],
// "headers":[{"name", "before","after"}], "problem"}. What is hidden in the message stays so.
// `problem` says why its letter would be withdrawn, in the same words, else null; of a body that
// nobody may see the changes are not shown.
[[nodiscard]] std::string EditDiffJson(const ReplayEdit& edit, const LetterRecord& letter,
                                       const LetterFormat& format, const Redaction& redaction);

}  // namespace deadletter
