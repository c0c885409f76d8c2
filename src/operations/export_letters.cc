#include "operations/export_letters.h"

#include <algorithm>
#include <utility>

#include "operations/letter_json.h"
#include "operations/list_letters.h"
#include "operations/show_letter.h"
#include "operations/text_index_state.h"

namespace deadletter {
namespace {

// A letter's line; empty where the letter has gone since it was listed.
OperationResult<std::string> LineOf(const ExportSource& source, LetterSummary& letter) {
  const auto record = source.catalog.Show(letter.id);
  if (!record) {
    if (record.error().fault != LedgerFault::kStatement)
      return Unexpected<OperationError>(FromLedger(record.error()));
    source.redaction.Mask(letter);
    return UnreadableJson(letter, record.error().message) + "\n";
  }
  if (!*record) return std::string();
  const auto execution = FindExecution(source.executions, source.id_type, (*record)->summary);
  return RecordJson(**record, execution, BodyUrl(source.base_path, letter.id), source.redaction,
                    kAnyBodyBytes) +
         "\n";
}

}  // namespace

OperationResult<LetterFilter> ParseExportRequest(std::span<const Parameter> parameters,
                                                 const Caller& caller, const Redaction& redaction) {
  if (parameters.empty()) {
    return FailOperation(OperationFault::kBadRequest,
                         "an export needs at least one filter of /v1/letters: everything would be "
                         "more than anybody has looked for (until=… holds for all up to a time)");
  }
  const auto is_page = [](const Parameter& parameter) {
    return parameter.name == "limit" || parameter.name == "cursor";
  };
  if (std::ranges::any_of(parameters, is_page)) {
    return FailOperation(OperationFault::kBadRequest,
                         "an export has neither limit nor cursor: it gives all that the filters "
                         "hold for");
  }
  const auto request = ParseListRequest(parameters, caller, redaction);
  if (!request) return Unexpected<OperationError>(request.error());
  return request->filter;
}

OperationResult<ExportPart> MakeExportPart(const ExportSource& source, const LetterFilter& filter,
                                           std::optional<LetterId> after) {
  auto page = source.catalog.List(filter, kExportPartLetters, after);
  if (!page) return Unexpected<OperationError>(FromLedger(page.error()));
  if (page->is_of_another_view) return IndexOfAnother();
  ExportPart part;
  for (LetterSummary& letter : page->letters) {
    auto line = LineOf(source, letter);
    if (!line) return Unexpected<OperationError>(line.error());
    part.lines += *line;
    if (part.lines.size() < kExportPartBytes) continue;
    part.next = letter.id;
    return part;
  }
  part.next = page->next;
  return part;
}

}  // namespace deadletter
