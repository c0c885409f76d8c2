// What tells letters apart and what puts them together; letter.h defines both. Internal to the
// layer.
#pragma once

#include <optional>

#include "letter/letter.h"

namespace deadletter {

// From message id, body, deaths and replay id of a letter that has them read; nothing without a
// message id or a time of the newest death, for then two different letters might be taken for one.
[[nodiscard]] std::optional<LetterKey> KeyOf(const Letter& letter);

// From type, action, reason and first-death queue.
[[nodiscard]] GroupId GroupOf(const Letter& letter);

}  // namespace deadletter
