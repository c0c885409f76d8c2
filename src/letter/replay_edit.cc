#include "letter/replay_edit.h"

#include <algorithm>
#include <boost/json.hpp>

#include "letter/json_reader.h"
#include "letter/retry_message.h"

namespace deadletter {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxNameBytes = 255;  // AMQP's
constexpr std::size_t kMaxTextBytes = 4'096;

Result<void> CheckName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || name.find('\0') != std::string_view::npos)
    return Fail("a header's name has 1 to 255 bytes, none of them NUL");
  if (IsTakenAway(name))
    return Fail("the header " + std::string(name) + " is the broker's or ours, and cannot be set");
  return {};
}

Result<FieldValue> ReadValue(const json::value& value) {
  if (value.is_bool()) return FieldValue{value.get_bool()};
  if (value.is_int64()) return FieldValue{value.get_int64()};
  if (value.is_string() && value.get_string().size() <= kMaxTextBytes)
    return FieldValue{std::string(value.get_string())};
  return Fail("set_headers: a header is a text of at most 4096 bytes, a whole number or a boolean");
}

Result<void> ReadSet(const json::value& value, ReplayEdit& edit) {
  if (!value.is_object() || value.get_object().empty() ||
      value.get_object().size() > kMaxEditedHeaders)
    return Fail("set_headers must be an object of 1 to 100 headers");
  for (const auto& [name, header] : value.get_object()) {
    if (auto checked = CheckName(name); !checked) return checked;
    auto read = ReadValue(header);
    if (!read) return Unexpected<Error>(read.error());
    edit.set_headers.push_back({std::string(name), std::move(*read)});
  }
  return {};
}

Result<void> ReadUnset(const json::value& value, ReplayEdit& edit) {
  const char* const wanted = "unset_headers must be an array of 1 to 100 names of headers";
  if (!value.is_array() || value.get_array().empty() ||
      value.get_array().size() > kMaxEditedHeaders)
    return Fail(wanted);
  for (const json::value& name : value.get_array()) {
    if (!name.is_string()) return Fail(wanted);
    if (auto checked = CheckName(name.get_string()); !checked) return checked;
    edit.unset_headers.emplace_back(name.get_string());
  }
  return {};
}

void Unset(FieldTable& headers, std::string_view name) {
  std::erase_if(headers.entries, [&](const FieldEntry& entry) { return entry.name == name; });
}

constexpr std::string_view kAtRedacted = "at_redacted";

Result<ReplayEdit> ParseEdit(std::string_view text, bool kept) {
  ReplayEdit edit;
  if (text.empty()) return edit;
  const char* const wanted =
      "must be {\"body\": JSON Patch, \"set_headers\": {…}, \"unset_headers\": […]}, at least one "
      "of them";
  const auto reading = JsonReader({{{"body"}}, {{"set_headers"}}, {{"unset_headers"}}}).Read(text);
  json::error_code error;
  const json::value parsed = json::parse(text, error);
  if (!reading || error || !parsed.is_object()) return Fail(wanted);
  for (const auto& [name, value] : parsed.get_object()) {
    Result<void> read;
    if (name == "body") {
      // As it was written: a parsed number may have lost digits.
      auto patch = ParseJsonPatch(reading->values[0]->raw);
      if (!patch) return Fail("body " + patch.error().message);
      edit.body = std::move(*patch);
    } else if (name == "set_headers") {
      read = ReadSet(value, edit);
    } else if (name == "unset_headers") {
      read = ReadUnset(value, edit);
    } else if (kept && name == kAtRedacted && value.is_bool()) {
      edit.at_redacted = value.get_bool();
    } else {
      return Fail(wanted);
    }
    if (!read) return Unexpected<Error>(read.error());
  }
  if (edit.IsNone()) return Fail(wanted);
  return edit;
}

}  // namespace

Result<ReplayEdit> ParseReplayEdit(std::string_view text) {
  return ParseEdit(text, false);
}

std::string KeptEdit(std::string_view json, bool at_redacted) {
  if (!at_redacted) return std::string(json);
  return "{\"" + std::string(kAtRedacted) + "\":true," + std::string(json.substr(1));
}

Result<ReplayEdit> ParseKeptEdit(std::string_view kept) {
  return ParseEdit(kept, true);
}

Unexpected<Error> OperationFailed(std::size_t index, const Error& error) {
  return Fail("operation " + std::to_string(index) + " of the edit: " + error.message);
}

Result<void> ApplyEdit(const ReplayEdit& edit, std::size_t max_body_bytes, Message& message) {
  std::string body = message.body;
  for (std::size_t index = 0; index < edit.body.size(); ++index) {
    if (auto applied = ApplyOperation(edit.body[index], max_body_bytes, body); !applied)
      return OperationFailed(index, applied.error());
  }
  message.body = std::move(body);
  for (const std::string& name : edit.unset_headers) Unset(message.headers, name);
  for (const FieldEntry& header : edit.set_headers) {
    Unset(message.headers, header.name);
    message.headers.entries.push_back(header);
  }
  return {};
}

}  // namespace deadletter
