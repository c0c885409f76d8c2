// What a person changes in messages before they are sent again. The letters stay as they are.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "letter/json_patch.h"
#include "letter/message.h"

namespace deadletter {

inline constexpr std::size_t kMaxEditedHeaders = 100;

struct ReplayEdit {
  std::vector<PatchOperation> body;
  std::vector<FieldEntry> set_headers;
  std::vector<std::string> unset_headers;
  bool at_redacted = false;  // made by somebody who may see what is redacted, and so move it

  [[nodiscard]] bool IsNone() const {
    return body.empty() && set_headers.empty() && unset_headers.empty();
  }
};

// {"body": JSON Patch, "set_headers": {"NAME": text, whole number or boolean},
// "unset_headers": ["NAME"]}, at least one of them. Headers that the broker or we give a meaning to
// cannot be named. The error is one line that says what is allowed. "" is no edit.
[[nodiscard]] Result<ReplayEdit> ParseReplayEdit(std::string_view json);

// What a replay keeps of an edit, as it was written and with `at_redacted`, which nobody asks for
// in a request; and the way back. What was kept before there was that word is guarded as if it had
// been made by somebody who may see nothing.
[[nodiscard]] std::string KeptEdit(std::string_view json, bool at_redacted);
[[nodiscard]] Result<ReplayEdit> ParseKeptEdit(std::string_view kept);

// "operation 3 of the edit: …"
[[nodiscard]] Unexpected<Error> OperationFailed(std::size_t index, const Error& error);

// The body gets no larger than `max_body_bytes`. The error says which part cannot be done;
// `message` is then as it was.
[[nodiscard]] Result<void> ApplyEdit(const ReplayEdit& edit, std::size_t max_body_bytes,
                                     Message& message);

// Whether an edit may be done to that body, of which something may be redacted; why not, in one
// line that does not depend on what that is. Empty: nothing is redacted.
using EditGuard = std::function<Result<void>(const ReplayEdit& edit, const std::string& body)>;

}  // namespace deadletter
