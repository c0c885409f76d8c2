#include "ledger/postgres/letter_filter.h"

#include "ledger/embedded_sql.h"
#include "ledger/postgres/sql.h"
#include "ledger/postgres/text_index.h"

namespace deadletter::postgres {

namespace {

// Parameters must stand in a statement to have a type. The tag may be there all the same: where it
// holds already.
constexpr std::string_view kNoTag = "($13::text IS NULL OR true)";
constexpr std::string_view kNoText = "$14::text IS NULL AND $15::text IS NULL";

}  // namespace

std::string FilterSql(const std::string& schema, const LetterFilter& filter) {
  const std::string text =
      filter.text ? FillIn(sql::kLetterFilterText, {{"schema", schema}}) : std::string(kNoText);
  const std::string tag =
      filter.tag ? FillIn(sql::kLetterFilterTag, {{"schema", schema}}) : std::string(kNoTag);
  return FillIn(sql::kLetterFilter, {{"schema", schema}, {"tag", tag}, {"text", text}});
}

std::string FilterSql(const std::string& schema, const LetterSelection& selection) {
  return FilterSql(schema, selection.ids.empty() ? selection.filter : LetterFilter{});
}

void AddFilter(Parameters& parameters, const LetterFilter& filter) {
  const auto name = [&](const auto& value, auto name_of) {
    value ? parameters.Bytes(std::string(name_of(*value))) : parameters.Null();
  };
  const auto moment = [&](const auto& value) {
    value ? parameters.Moment(*value) : parameters.Null();
  };
  name(filter.state, LetterStateName);
  name(filter.outcome, OutcomeName);
  name(filter.reason, ReasonName);
  parameters.Bytes(filter.queue)
      .Bytes(filter.type)
      .Bytes(filter.action)
      .Bytes(filter.execution_id)
      .Bytes(filter.worker_id);
  name(filter.group, [](const GroupId& group) {
    return std::string(group.value().begin(), group.value().end());
  });
  moment(filter.since);
  moment(filter.until);
  parameters.Bytes(filter.tag);
  if (filter.text) {
    parameters.Bytes(SearchText(*filter.text)).Bytes(filter.text->view);
  } else {
    parameters.Null().Null();
  }
}

void AddSelection(Parameters& parameters, const LetterSelection& selection) {
  if (selection.ids.empty()) {
    parameters.Null();
    AddFilter(parameters, selection.filter);
    return;
  }
  BinaryArray ids(ElementType::kUuid);
  for (const LetterId& id : selection.ids) ids.AddUuid(id.value());
  parameters.Array(ids);
  AddFilter(parameters, {});
}

}  // namespace deadletter::postgres
