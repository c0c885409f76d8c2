#include "operations/text_index_state.h"

#include <fmt/format.h>

#include "operations/json_writer.h"

namespace deadletter {

Unexpected<OperationError> IndexOfAnother() {
  return FailOperation(OperationFault::kConflict,
                       "q finds nothing here, or not all: another instance has made the index of "
                       "the ledger by other settings of redact, or this one has only just "
                       "started; give all instances the same settings, restart this one, and ask "
                       "again from the beginning");
}

OperationResult<std::optional<std::int64_t>> CountUnindexed(Catalog& catalog,
                                                            const LetterFilter& filter) {
  if (!filter.text) return std::nullopt;
  LetterFilter text_only;
  text_only.text = filter.text;
  const auto page = catalog.List(text_only, 0, std::nullopt);
  if (!page) return Unexpected<OperationError>(FromLedger(page.error()));
  if (page->is_of_another_view) return IndexOfAnother();
  return page->unindexed;
}

std::string UnindexedJson(std::optional<std::int64_t> unindexed) {
  return unindexed ? fmt::to_string(*unindexed) : std::string(kJsonNull);
}

}  // namespace deadletter
