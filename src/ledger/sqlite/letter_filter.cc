#include "ledger/sqlite/letter_filter.h"

namespace deadletter {

namespace {

// Words as TextQuestion has them are a question as FTS5 takes it: all of them, no operator among
// them, for those are in capitals.
constexpr std::string_view kHasText =
    "number IN (SELECT rowid FROM deadletter_text WHERE deadletter_text MATCH ?14) "
    "AND ?15 = (SELECT view FROM deadletter_text_index)";
constexpr std::string_view kHasTextInPart =
    "number IN (SELECT rowid FROM deadletter_text WHERE deadletter_text MATCH ?14 "
    "AND rowid BETWEEN ?18 AND ?19) AND ?15 = (SELECT view FROM deadletter_text_index)";

}  // namespace

std::string ConditionsOf(const LetterFilter& filter, bool after, TextPlace place) {
  const std::pair<bool, std::string_view> conditions[] = {
      {after, "id < ?1"},
      {filter.state.has_value(), "state = ?2"},
      {filter.outcome.has_value(), "outcome = ?3"},
      {filter.reason.has_value(), "reason = ?4"},
      {filter.queue.has_value(), "queue = ?5"},
      {filter.type.has_value(), "type = ?6"},
      {filter.action.has_value(), "action = ?7"},
      {filter.execution_id.has_value(), "execution_id = ?8"},
      {filter.worker_id.has_value(), "worker_id = ?9"},
      {filter.group.has_value(), "group_id = ?10"},
      {filter.since.has_value(), "received_at >= ?11"},
      {filter.until.has_value(), "received_at < ?12"},
      {filter.tag.has_value(),
       "id IN (SELECT letter_id FROM deadletter_letter_tag WHERE tag = ?13)"},
      {filter.text.has_value(), place == TextPlace::kInPart ? kHasTextInPart : kHasText},
  };
  std::string text = "true";
  for (const auto& [wanted, condition] : conditions) {
    if (wanted) text.append(" AND ").append(condition);
  }
  return text;
}

}  // namespace deadletter
