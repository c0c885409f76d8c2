// Which letters a filter holds for, in SQL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/catalog.h"
#include "ledger/letter_walk.h"
#include "ledger/sqlite/letter_row.h"

namespace deadletter {

// Of which letters the text's index is asked: of all, or of those whose numbers are ?18 to ?19.
enum class TextPlace { kEverywhere, kInPart };

// The conditions that `filter` asks for, and "id < ?1" where there is an `after`. Only these stand
// in the statement, so that SQLite can choose an index by them; their parameters are ?2 to ?15.
[[nodiscard]] std::string ConditionsOf(const LetterFilter& filter, bool after,
                                       TextPlace place = TextPlace::kEverywhere);

// The same of a filter without text, for the letters that one index has before ?1 and down to ?17:
// no other index may be chosen.
[[nodiscard]] std::string ConditionsInStretch(const LetterFilter& filter, LetterIndex walked);
// What that index answers, with the filter's parameter.
[[nodiscard]] std::string IndexedCondition(LetterIndex index);

template <class Name, class Value>
[[nodiscard]] std::optional<std::string_view> NameOf(const std::optional<Value>& value, Name name) {
  return value ? std::optional(name(*value)) : std::nullopt;
}

// Binds ?1, the filter's parameters, and `more` from ?16 on. All of it must live until the
// statement has run.
template <class First, class... More>
void BindFilter(sqlite::Statement& statement, const First& first, const LetterFilter& filter,
                const More&... more) {
  const std::optional<sqlite::Blob> group =
      filter.group ? std::optional(sqlite::Blob{BytesOf(filter.group->value())}) : std::nullopt;
  const auto of_text = [&](std::string TextQuestion::* part) {
    return filter.text ? std::optional(std::string_view((*filter.text).*part)) : std::nullopt;
  };
  statement.Bind(first, NameOf(filter.state, LetterStateName), NameOf(filter.outcome, OutcomeName),
                 NameOf(filter.reason, ReasonName), filter.queue, filter.type, filter.action,
                 filter.execution_id, filter.worker_id, group, filter.since, filter.until,
                 filter.tag, of_text(&TextQuestion::words), of_text(&TextQuestion::view), more...);
}

template <class First, class... More>
void BindFilter(sqlite::Statement& statement, const First& first, LetterFilter&& filter,
                const More&... more) = delete;  // gone before the statement runs

// Calls `run` with the conditions of the selection and its ?1, once, or once an id.
template <class Run>
void ForEachPart(const LetterSelection& selection, Run run) {
  if (selection.ids.empty())
    return run(ConditionsOf(selection.filter, false), std::optional<sqlite::Blob>());
  for (const LetterId& id : selection.ids) run("id = ?1", std::optional(BlobOf(id)));
}

}  // namespace deadletter
