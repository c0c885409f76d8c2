// What a replay changes in its messages, as JSON.
#pragma once

#include <string>

#include "letter/message.h"
#include "letter/replay_edit.h"
#include "operations/redaction.h"

namespace deadletter {

// The edit itself, with "***" for each value that goes where something is hidden; null where there
// is none.
[[nodiscard]] std::string EditJson(const std::string& edit_json, const Redaction& redaction);

// What it would do to `message`: {"changes":[{"op","path","before","after"}], "headers":[{"name",
// "before","after"}], "problem"}. What is hidden in the message stays so. `problem` says why it
// cannot be done, else null; of a body that nobody may see the changes are not shown.
[[nodiscard]] std::string EditDiffJson(const ReplayEdit& edit, const Message& message,
                                       const Redaction& redaction);

}  // namespace deadletter
