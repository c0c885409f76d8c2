// The messages that the ledger itself composes: what a submitted execution travels in, and the
// properties of events.
#pragma once

#include <optional>

#include "ledger/executions.h"
#include "letter/message.h"

namespace deadletter {

struct OutboxMessage {
  Address address;
  Message message;
};

// The execution request for a row that was just put in: an envelope of the platform's
// (docs/concepts.md) with a message id of its own. `updated` is the row's and becomes the attempt
// stamp; absent where there is no such column. `execution.payload_json` is taken as it is and must
// be JSON. A worker id of digits travels as a number.
[[nodiscard]] OutboxMessage ComposeSubmission(const NewExecution& execution, const ExecutionId& id,
                                              std::optional<Instant> updated, Instant now);

// Of an event: persistent JSON under its stable message id.
[[nodiscard]] Properties EventProperties(const Uuid& message_id);

}  // namespace deadletter
