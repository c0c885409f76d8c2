#include "operations/edit_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "letter/edited_message.h"
#include "letter/retry_message.h"
#include "operations/edit_guard.h"
#include "operations/json_writer.h"

namespace deadletter {
namespace {

constexpr std::size_t kMaxValueBytes = 4'096;
constexpr std::size_t kMaxValueDepth = 64;

// A value that is too large to be shown beside another is told by its size.
std::string ValueJson(std::optional<std::string_view> raw) {
  if (!raw) return std::string(kJsonNull);
  if (raw->size() > kMaxValueBytes) return TextJson(fmt::format("{} bytes", raw->size()));
  return CompactJson(*raw, kMaxValueDepth).value_or(std::string(kJsonNull));
}

std::string HeaderJson(const FieldValue* value) {
  if (value == nullptr) return std::string(kJsonNull);
  if (const std::string* text = AsString(value)) return TextJson(*text);
  if (const auto* flag = std::get_if<bool>(&value->value)) return *flag ? "true" : "false";
  if (const auto number = AsInteger(value)) return fmt::to_string(*number);
  return TextJson("neither text, whole number nor boolean");
}

std::string OperationJson(const PatchOperation& operation, const Redaction& redaction) {
  JsonObject object;
  object.Add("op", TextJson(PatchVerbName(operation.verb)))
      .Add("path", TextJson(FormatPointer(operation.path)));
  if (operation.from) object.Add("from", TextJson(FormatPointer(*operation.from)));
  if (!operation.value.empty()) {
    object.Add("value", redaction.Touches(operation.path) ? TextJson(kRedacted)
                                                          : ValueJson(operation.value));
  }
  return object.Take();
}

// `body` is one that may be shown, and changes as the message's own does.
std::string ChangesJson(const ReplayEdit& edit, std::size_t max_body_bytes, std::string body) {
  JsonArray changes;
  for (const PatchOperation& operation : edit.body) {
    if (operation.verb == PatchVerb::kTest) continue;
    const std::string before = ValueJson(JsonAt(body, operation.path));
    if (!ApplyOperation(operation, max_body_bytes, body)) break;
    changes.Add(JsonObject()
                    .Add("op", TextJson(PatchVerbName(operation.verb)))
                    .Add("path", TextJson(FormatPointer(operation.path)))
                    .Add("before", before)
                    .Add("after", ValueJson(JsonAt(body, operation.path)))
                    .Take());
  }
  return changes.Take();
}

std::string HeadersJson(const Message& before, const Message& after, const ReplayEdit& edit) {
  std::vector<std::string> names = edit.unset_headers;
  for (const FieldEntry& entry : edit.set_headers) names.push_back(entry.name);
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  JsonArray headers;
  for (const std::string& name : names) {
    headers.Add(JsonObject()
                    .Add("name", TextJson(name))
                    .Add("before", HeaderJson(before.headers.Find(name)))
                    .Add("after", HeaderJson(after.headers.Find(name)))
                    .Take());
  }
  return headers.Take();
}

}  // namespace

std::string EditJson(const std::string& edit_json, const Redaction& redaction) {
  const auto edit = ParseKeptEdit(edit_json);
  if (!edit || edit->IsNone()) return std::string(kJsonNull);
  JsonObject object;
  if (!edit->body.empty()) {
    JsonArray operations;
    for (const PatchOperation& operation : edit->body)
      operations.Add(OperationJson(operation, redaction));
    object.Add("body", operations.Take());
  }
  // Names need escaping, and so members of an object are not to be had here.
  JsonArray set;
  for (const FieldEntry& entry : edit->set_headers) {
    set.Add(JsonObject()
                .Add("name", TextJson(entry.name))
                .Add("value", HeaderJson(&entry.value))
                .Take());
  }
  JsonArray unset;
  for (const std::string& name : edit->unset_headers) unset.Add(TextJson(name));
  return object.Add("set_headers", set.Take()).Add("unset_headers", unset.Take()).Take();
}

std::string EditDiffJson(const ReplayEdit& edit, const LetterRecord& letter,
                         const LetterFormat& format, const Redaction& redaction) {
  const Message& before = letter.message;
  const LetterReader reader(format);
  Delivery delivery;
  delivery.message = before;
  Letter read = reader.Read(letter.summary.id, std::move(delivery));
  Message message = MakeReplayMessage(read, ReplayId(), 0);
  message.body = std::move(read.delivery.message.body);
  const auto edited = EditMessage(edit, read, std::move(message), reader, format.max_body_bytes,
                                  MakeEditGuard(redaction));
  const auto shown = redaction.Mask(before.body);
  return JsonObject()
      .Add("changes",
           shown ? ChangesJson(edit, format.max_body_bytes, shown->body) : std::string(kJsonNull))
      .Add("headers", HeadersJson(before, edited ? edited->message : before, edit))
      .Add("problem", edited ? std::string(kJsonNull) : TextJson(edited.error().message))
      .Take();
}

}  // namespace deadletter
