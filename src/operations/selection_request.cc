#include "operations/selection_request.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <utility>
#include <vector>

#include "operations/json_writer.h"
#include "operations/list_letters.h"

namespace deadletter {
namespace {

namespace json = boost::json;

Problem ReadSelectingFilter(const json::value& value, std::string_view verb, Asking& asking,
                            SelectionRequest& selection) {
  if (!value.is_object() || value.get_object().empty()) {
    return fmt::format(
        "filter must be an object with at least one filter of /v1/letters: nothing is {} that "
        "nobody has looked for",
        verb);
  }
  std::vector<Parameter> parameters;
  for (const auto& [key, wanted] : value.get_object()) {
    const std::string name(key);
    if (name == "limit" || name == "cursor") return "filter: " + name + " is none";
    if (!wanted.is_string()) return fmt::format("filter: {} must be a string", Quoted(name));
    parameters.push_back({name, std::string(wanted.get_string())});
  }
  const auto list = ParseListRequest(parameters, asking.caller, asking.redaction);
  if (!list) {
    asking.fault = list.error().fault;
    return "filter: " + list.error().message;
  }
  selection.selection.filter = list->filter;
  selection.json = json::serialize(json::object{{"filter", value}});
  return std::nullopt;
}

Problem ReadSelectedIds(const json::value& value, SelectionRequest& selection) {
  if (!value.is_array() || value.get_array().empty() ||
      value.get_array().size() > kMaxSelectedIds) {
    return fmt::format("ids must be an array of 1 to {} letters' ids", kMaxSelectedIds);
  }
  std::set<LetterId> ids;
  for (const json::value& one : value.get_array()) {
    const auto id = one.is_string() ? ParseUuid(std::string(one.get_string())) : std::nullopt;
    if (!id) return "ids must hold letters' ids, as /v1/letters gives them";
    ids.insert(LetterId(*id));
  }
  selection.selection.ids.assign(ids.begin(), ids.end());
  selection.json = json::serialize(json::object{{"ids", ids.size()}});
  return std::nullopt;
}

}  // namespace

Problem ReadSelection(const json::object& request, std::string_view verb, Asking& asking,
                      SelectionRequest& selection) {
  const json::value* const filter = request.if_contains("filter");
  const json::value* const ids = request.if_contains("ids");
  if ((filter == nullptr) == (ids == nullptr)) return "say either filter or ids";
  return filter != nullptr ? ReadSelectingFilter(*filter, verb, asking, selection)
                           : ReadSelectedIds(*ids, selection);
}

std::string SelectionJson(const std::string& text, const Redaction& redaction) {
  json::error_code error;
  json::value selection = json::parse(text, error);
  if (error || !selection.is_object()) return std::string(kJsonNull);
  json::value* filter = selection.get_object().if_contains("filter");
  if (filter != nullptr && filter->is_object()) {
    for (auto& [name, value] : filter->get_object()) {
      if (redaction.HidesFilter(name)) value = kRedacted;
    }
  }
  return json::serialize(selection);
}

}  // namespace deadletter
