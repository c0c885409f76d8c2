// Edits, and what is redacted: whoever may not see it must not learn it by changing messages.
#pragma once

#include <optional>
#include <string>

#include "letter/replay_edit.h"
#include "operations/redaction.h"

namespace deadletter {

// What no body need be looked at for: an operation that would tell what is at a hidden place, take
// it from there, or reach into it. One line that says where; nothing: there is none such.
[[nodiscard]] std::optional<std::string> WhatIsHidden(const PatchOperation& operation,
                                                      const Redaction& redaction);

// Whether `edit` may be done to `body`. Where it was made by somebody who may see nothing redacted
// (`at_redacted` false), each hidden value must stand where it stood, after each operation: moved,
// it would be seen, or its absence tell what it was. It is tried on a sealed body, so that no error
// depends on what is hidden.
[[nodiscard]] Result<void> GuardEdit(const ReplayEdit& edit, const std::string& body,
                                     const Redaction& redaction);

// For whom Redaction is too far away. Empty where nothing is redacted.
[[nodiscard]] EditGuard MakeEditGuard(const Redaction& redaction);

}  // namespace deadletter
