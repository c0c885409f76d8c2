#include "ledger/postgres/letter_walk.h"

#include <utility>

#include "ledger/embedded_sql.h"
#include "ledger/postgres/catalog.h"
#include "ledger/postgres/letter_filter.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

// The condition that an index answers; the value is that of the filter, by its number there.
struct IndexedCondition {
  std::string_view holds;
  std::string_view number;
};

IndexedCondition ConditionOf(LetterIndex index) {
  switch (index) {
    case LetterIndex::kId:
      return {"true", ""};
    case LetterIndex::kExecution:
      return {
          "{{schema}}.execution_key(execution_id) = {{schema}}.execution_key({{value}}::bytea) AND "
          "execution_id = {{value}}::bytea",
          "$8"};
    case LetterIndex::kGroup:
      return {"group_id = {{value}}::bytea", "$10"};
    case LetterIndex::kAction:
      return {
          "{{schema}}.execution_key(action) = {{schema}}.execution_key({{value}}::bytea) AND "
          "action = {{value}}::bytea",
          "$7"};
    case LetterIndex::kQueue:
      return {
          "{{schema}}.execution_key(queue) = {{schema}}.execution_key({{value}}::bytea) AND "
          "queue = {{value}}::bytea",
          "$5"};
    case LetterIndex::kTag:
      return {"tag = {{value}}::text", "$13"};
    case LetterIndex::kOutcome:
      return {"outcome = {{value}}::text", "$3"};
    case LetterIndex::kState:
      return {"state = {{value}}::text", "$2"};
  }
  return {"true", ""};
}

// Nothing for the index of all letters.
std::optional<std::string> ValueOf(LetterIndex index, const LetterFilter& filter) {
  switch (index) {
    case LetterIndex::kId:
      return std::nullopt;
    case LetterIndex::kExecution:
      return filter.execution_id;
    case LetterIndex::kGroup:
      return std::string(filter.group->value().begin(), filter.group->value().end());
    case LetterIndex::kAction:
      return filter.action;
    case LetterIndex::kQueue:
      return filter.queue;
    case LetterIndex::kTag:
      return filter.tag;
    case LetterIndex::kOutcome:
      return std::string(OutcomeName(*filter.outcome));
    case LetterIndex::kState:
      return std::string(LetterStateName(*filter.state));
  }
  return std::nullopt;
}

void AddId(Parameters& parameters, std::optional<LetterId> id) {
  id ? parameters.Id(id->value()) : parameters.Null();
}

}  // namespace

PostgresLetterWalk::PostgresLetterWalk(Connection& connection, const std::string& quoted_schema,
                                       const LetterFilter& filter, std::optional<LetterId> after)
    : LetterWalk(filter, after), connection_(connection), schema_(quoted_schema) {}

LedgerResult<std::optional<LetterId>> PostgresLetterWalk::Place(LetterIndex index,
                                                                std::optional<LetterId> before,
                                                                std::size_t letters,
                                                                std::chrono::milliseconds most) {
  const bool is_tag = index == LetterIndex::kTag;
  const auto value = ValueOf(index, filter());
  const std::string holds =
      FillIn(ConditionOf(index).holds, {{"schema", schema_}, {"value", "$3"}});
  Statement ask{.sql = FillIn(sql::kLetterPlace, {{"schema", schema_},
                                                  {"table", is_tag ? "letter_tag" : "letter"},
                                                  {"id", is_tag ? "letter_id" : "id"},
                                                  {"holds", holds}}),
                .parameters = {}};
  AddId(ask.parameters, before);
  ask.parameters.Number(static_cast<std::int64_t>(letters) - 1);
  if (value) ask.parameters.Bytes(*value);
  const auto rows = connection_.RunWithin(std::move(ask), most, Plan::kInOrder);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->size() == 0) return std::nullopt;
  return LetterId(rows->Id(0, 0));
}

LedgerResult<void> PostgresLetterWalk::Find(LetterIndex index, const Stretch& stretch,
                                            std::size_t limit, std::chrono::milliseconds most,
                                            std::vector<LetterSummary>& found) {
  const auto [condition, number] = ConditionOf(index);
  LetterFilter rest = filter();
  if (index == LetterIndex::kTag) rest.tag.reset();  // it holds already
  const std::string holds = FillIn(condition, {{"schema", schema_}, {"value", number}});
  Statement list{.sql = FillIn(index == LetterIndex::kTag ? sql::kLetterWalkTag : sql::kLetterWalk,
                               {{"schema", schema_},
                                {"summary", sql::kLetterSummary},
                                {"holds", holds},
                                {"filter", FilterSql(schema_, rest)}}),
                 .parameters = {}};
  AddId(list.parameters, stretch.before);
  AddFilter(list.parameters, filter());
  list.parameters.Number(static_cast<std::int64_t>(limit));
  AddId(list.parameters, stretch.oldest);
  const auto rows = connection_.RunWithin(std::move(list), most, Plan::kInOrder);
  if (!rows) return tl::unexpected(rows.error());
  for (int row = 0; row < rows->size(); ++row) found.push_back(ReadSummary(*rows, row));
  return {};
}

}  // namespace deadletter::postgres
