// The attempt stamp of a message that is sent again.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "letter/letter_format.h"
#include "letter/message.h"

namespace deadletter {

// Puts `stamp` in the place of the one that the message carries; everything else stays as it is,
// byte for byte. The error says what stands in the way; the message is then as it was. A message
// without a stamp needs none: it is told from others by its replay's id.
[[nodiscard]] Result<void> RenewAttemptStamp(Message& message, const FieldPlace& place,
                                             Instant stamp);

}  // namespace deadletter
