#include "letter/edited_message.h"

#include <utility>

namespace deadletter {

Result<EditedMessage> EditMessage(const ReplayEdit& edit, const Letter& letter, Message message,
                                  const LetterReader& reader, std::size_t max_body_bytes,
                                  const EditGuard& guard) {
  if (guard) {
    if (auto guarded = guard(edit, message.body); !guarded)
      return Unexpected<Error>(guarded.error());
  }
  if (auto applied = ApplyEdit(edit, max_body_bytes, message); !applied)
    return Unexpected<Error>(applied.error());
  // It is read as the letter will be that comes of it, should it die again.
  Delivery delivery;
  delivery.message = std::move(message);
  Letter edited = reader.Read(letter.id, std::move(delivery));
  if (letter.kind == LetterKind::kExecutionRequest && edited.kind != LetterKind::kExecutionRequest)
    return Fail("edited, it would be no execution request any more");
  if (letter.execution_id && edited.execution_id != letter.execution_id)
    return Fail("edited, it would be about another execution");
  return EditedMessage{.message = std::move(edited.delivery.message),
                       .has_stamp = edited.attempt.has_value()};
}

}  // namespace deadletter
