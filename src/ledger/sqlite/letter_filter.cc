#include "ledger/sqlite/letter_filter.h"

#include <vector>

namespace deadletter {

namespace {

struct Condition {
  bool is_wanted;
  LetterIndex index;  // that answers it; the id's where there is none
  std::string_view text;
};

// Words as TextQuestion has them are a question as FTS5 takes it: all of them, no operator among
// them, for those are in capitals.
constexpr std::string_view kHasText =
    "number IN (SELECT rowid FROM deadletter_text WHERE deadletter_text MATCH ?14) "
    "AND ?15 = (SELECT view FROM deadletter_text_index)";
constexpr std::string_view kHasTextInPart =
    "number IN (SELECT rowid FROM deadletter_text WHERE deadletter_text MATCH ?14 "
    "AND rowid BETWEEN ?18 AND ?19) AND ?15 = (SELECT view FROM deadletter_text_index)";

constexpr std::string_view kHasTag =
    "id IN (SELECT letter_id FROM deadletter_letter_tag WHERE tag = ?13)";
constexpr std::string_view kHasTagInStretch =
    "id IN (SELECT letter_id FROM deadletter_letter_tag WHERE tag = ?13 AND letter_id < ?1 AND "
    "letter_id >= ?17)";
constexpr std::string_view kLooksForTag =
    "EXISTS (SELECT 1 FROM deadletter_letter_tag WHERE tag = ?13 AND letter_id = "
    "deadletter_letter.id)";

// But for the tag's and the text's.
std::vector<Condition> PlainConditions(const LetterFilter& filter) {
  return {{filter.state.has_value(), LetterIndex::kState, "state = ?2"},
          {filter.outcome.has_value(), LetterIndex::kOutcome, "outcome = ?3"},
          {filter.reason.has_value(), LetterIndex::kId, "reason = ?4"},
          {filter.queue.has_value(), LetterIndex::kQueue, "queue = ?5"},
          {filter.type.has_value(), LetterIndex::kId, "type = ?6"},
          {filter.action.has_value(), LetterIndex::kAction, "action = ?7"},
          {filter.execution_id.has_value(), LetterIndex::kExecution, "execution_id = ?8"},
          {filter.worker_id.has_value(), LetterIndex::kId, "worker_id = ?9"},
          {filter.group.has_value(), LetterIndex::kGroup, "group_id = ?10"},
          {filter.since.has_value(), LetterIndex::kId, "received_at >= ?11"},
          {filter.until.has_value(), LetterIndex::kId, "received_at < ?12"}};
}

void AppendCondition(std::string& text, std::string_view condition) {
  text.append(" AND ").append(condition);
}

}  // namespace

std::string ConditionsOf(const LetterFilter& filter, bool after, TextPlace place) {
  std::string text = after ? "id < ?1" : "true";
  for (const Condition& one : PlainConditions(filter)) {
    if (one.is_wanted) AppendCondition(text, one.text);
  }
  if (filter.tag) AppendCondition(text, kHasTag);
  if (filter.text) AppendCondition(text, place == TextPlace::kInPart ? kHasTextInPart : kHasText);
  return text;
}

// A column behind a plus has no index.
std::string ConditionsInStretch(const LetterFilter& filter, LetterIndex walked) {
  std::string text;
  if (walked == LetterIndex::kTag) {
    text = kHasTagInStretch;
  } else {
    text = "id < ?1 AND id >= ?17";
    if (filter.tag) AppendCondition(text, kLooksForTag);
  }
  for (const Condition& one : PlainConditions(filter)) {
    if (!one.is_wanted) continue;
    const bool is_walked = one.index == walked && walked != LetterIndex::kId;
    AppendCondition(text, (is_walked ? "" : "+") + std::string(one.text));
  }
  return text;
}

std::string IndexedCondition(LetterIndex index) {
  if (index == LetterIndex::kTag) return "tag = ?13";
  if (index == LetterIndex::kId) return "true";
  for (const Condition& one : PlainConditions({})) {
    if (one.index == index) return std::string(one.text);
  }
  return "false";
}

}  // namespace deadletter
