// GET /v1/export: letters whole, one JSON object a line, in parts that are made while they are
// sent.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ledger/catalog.h"
#include "ledger/executions.h"
#include "operations/operation_error.h"
#include "operations/parameter.h"
#include "operations/redaction.h"
#include "operations/role.h"

namespace deadletter {

// A part ends with the letter that exceeds one of them.
inline constexpr std::size_t kExportPartLetters = 100;
inline constexpr std::size_t kExportPartBytes = std::size_t{1} << 20;

// The filters of /v1/letters, at least one of them.
[[nodiscard]] OperationResult<LetterFilter> ParseExportRequest(
    std::span<const Parameter> parameters, const Caller& caller, const Redaction& redaction);

struct ExportSource {
  Catalog& catalog;
  Executions* executions;  // null: the platform's table is not to be read
  ExecutionIdType id_type;
  std::string_view base_path;
  const Redaction& redaction;
};

struct ExportPart {
  std::string lines;             // each ends with a line feed
  std::optional<LetterId> next;  // the last letter given, where there may be more
};

// Newest first, so that letters that come meanwhile are not part of it. What is redacted stays so,
// whoever asks. A letter whose record is damaged is told by a line of its own, with `unreadable`.
[[nodiscard]] OperationResult<ExportPart> MakeExportPart(const ExportSource& source,
                                                         const LetterFilter& filter,
                                                         std::optional<LetterId> after);

}  // namespace deadletter
