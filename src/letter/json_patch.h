// JSON Patch (RFC 6902), done to the text: what no operation names stays as it is, byte for byte,
// so that a number of any size keeps every digit.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "letter/letter_format.h"

namespace deadletter {

inline constexpr std::size_t kMaxPatchOperations = 100;  // each reads the whole text

enum class PatchVerb { kAdd, kRemove, kReplace, kMove, kCopy, kTest };
[[nodiscard]] std::string_view PatchVerbName(PatchVerb verb);  // "add", …

struct PatchOperation {
  PatchVerb verb = PatchVerb::kAdd;
  JsonPointer path;
  std::optional<JsonPointer> from;  // kMove, kCopy
  std::string value;                // kAdd, kReplace, kTest: JSON, as it was written
};

// The value at that place as it stands in `text`, every digit; nothing where there is none, or
// `text` is no JSON. Valid while `text` is.
[[nodiscard]] std::optional<std::string_view> JsonAt(std::string_view text,
                                                     const JsonPointer& pointer);

// "/a/b~1c", as RFC 6901 writes it.
[[nodiscard]] std::string FormatPointer(const JsonPointer& pointer);

// `json` is an array of operations. The error is one line that says which of them is wrong, and
// how.
[[nodiscard]] Result<std::vector<PatchOperation>> ParseJsonPatch(std::string_view json);

// Of duplicate keys the last is meant, as everywhere; removing one removes all of them. No
// operation makes `text` larger than `max_bytes` (a hundred copies would double it as often), not
// for a moment either. The error is one line without any value in it, and `text` is then as it was.
[[nodiscard]] Result<void> ApplyOperation(const PatchOperation& operation, std::size_t max_bytes,
                                          std::string& text);

}  // namespace deadletter
