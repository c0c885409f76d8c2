#include "operations/edit_guard.h"

#include <fmt/format.h>

namespace deadletter {

std::optional<std::string> WhatIsHidden(const PatchOperation& operation,
                                        const Redaction& redaction) {
  const auto refuse = [](const JsonPointer& place, std::string_view what) {
    return fmt::format("something at '{}' is redacted: only an admin may {} it",
                       FormatPointer(place), what);
  };
  if (operation.verb == PatchVerb::kTest && redaction.Touches(operation.path))
    return refuse(operation.path, "test or take");
  if (operation.from && redaction.Touches(*operation.from))
    return refuse(*operation.from, "test or take");
  if (redaction.Covers(operation.path)) return refuse(operation.path, "change");
  return std::nullopt;
}

Result<void> GuardEdit(const ReplayEdit& edit, const std::string& body,
                       const Redaction& redaction) {
  if (edit.at_redacted || edit.body.empty() || redaction.HidesNothing()) return {};
  for (std::size_t index = 0; index < edit.body.size(); ++index) {
    // The replay may have been made while less was redacted.
    if (auto hidden = WhatIsHidden(edit.body[index], redaction))
      return OperationFailed(index, Error{std::move(*hidden)});
  }
  const auto sealed = redaction.Seal(body);
  if (!sealed) {
    return Fail(
        "nobody can tell what in the body is redacted, or it is too much: only an admin may edit "
        "it");
  }
  if (sealed->places == 0) return {};
  // A mark may be longer than what it stands for; how large the body itself gets is seen elsewhere.
  const std::size_t max_bytes = sealed->body.size() + redaction.max_body_bytes();
  std::string edited = sealed->body;
  for (std::size_t index = 0; index < edit.body.size(); ++index) {
    const PatchOperation& operation = edit.body[index];
    if (auto applied = ApplyOperation(operation, max_bytes, edited); !applied)
      return OperationFailed(index, applied.error());
    if (operation.verb == PatchVerb::kTest || redaction.IsWhole(*sealed, edited)) continue;
    return OperationFailed(
        index, Error{fmt::format("at '{}' it would touch or move what is redacted: only an admin "
                                 "may do that",
                                 FormatPointer(operation.path))});
  }
  return {};
}

EditGuard MakeEditGuard(const Redaction& redaction) {
  if (redaction.HidesNothing()) return nullptr;
  return [redaction](const ReplayEdit& edit, const std::string& body) {
    return GuardEdit(edit, body, redaction);
  };
}

}  // namespace deadletter
