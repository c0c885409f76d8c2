#include "operations/show_letter.h"

#include "base/text.h"

namespace deadletter {

OperationError NoSuchLetter(std::string_view id) {
  const auto uuid = ParseUuid(id);
  return {.fault = OperationFault::kNotFound,
          .message = uuid ? "no letter has the id " + FormatUuid(*uuid)
                          : "no letter has the id '" + DisplayText(id, 64) +
                                "': an id is a UUID, as lists give it"};
}

OperationResult<LetterRecord> FindLetter(Catalog& catalog, std::string_view id) {
  const auto uuid = ParseUuid(id);
  if (!uuid) return Unexpected<OperationError>(NoSuchLetter(id));
  auto record = catalog.Show(LetterId(*uuid));
  if (!record) return Unexpected<OperationError>(FromLedger(record.error()));
  if (!*record) return Unexpected<OperationError>(NoSuchLetter(id));
  return std::move(**record);
}

std::optional<ExecutionRow> FindExecution(Executions* executions, ExecutionIdType id_type,
                                          const LetterSummary& letter) {
  if (executions == nullptr || !letter.execution_id) return std::nullopt;
  const auto id = ParseExecutionId(id_type, *letter.execution_id);
  if (!id) return std::nullopt;
  // The letter is worth showing without its row: the platform's table may be out of reach for a
  // while.
  return executions->Find(*id).value_or(std::nullopt);
}

std::string BodyUrl(std::string_view base_path, LetterId id) {
  std::string url(base_path);
  if (!url.ends_with('/')) url += '/';
  return url + "v1/letters/" + FormatUuid(id.value()) + "/body";
}

}  // namespace deadletter
