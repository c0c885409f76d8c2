// What a person changes in messages before they are sent again. The letters stay as they are.
#pragma once

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

  [[nodiscard]] bool IsNone() const {
    return body.empty() && set_headers.empty() && unset_headers.empty();
  }
};

// {"body": JSON Patch, "set_headers": {"NAME": text, whole number or boolean},
// "unset_headers": ["NAME"]}, at least one of them. Headers that the broker or we give a meaning to
// cannot be named. The error is one line that says what is allowed. "" is no edit.
[[nodiscard]] Result<ReplayEdit> ParseReplayEdit(std::string_view json);

// The error says which part cannot be done; `message` is then as it was.
[[nodiscard]] Result<void> ApplyEdit(const ReplayEdit& edit, Message& message);

}  // namespace deadletter
