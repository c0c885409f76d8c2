#include "letter/letter_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "letter/text_properties.h"

namespace deadletter {
namespace {

constexpr std::string_view kHeader = "header:";
constexpr std::string_view kProperty = "property:";
std::vector<std::string_view> PropertyNames() {
  std::vector<std::string_view> names;
  for (const TextProperty& property : kTextProperties) names.push_back(property.name);
  names.insert(names.end(), {"delivery_mode", "priority", "timestamp"});
  return names;
}

Result<std::string> UnescapeToken(std::string_view token) {
  std::string plain;
  for (std::size_t index = 0; index < token.size(); ++index) {
    if (token[index] != '~') {
      plain += token[index];
      continue;
    }
    ++index;
    if (index == token.size() || (token[index] != '0' && token[index] != '1')) {
      return Fail("'~' in a JSON Pointer is written ~0, and '/' in a key ~1");
    }
    plain += token[index] == '0' ? '~' : '/';
  }
  return plain;
}

FieldPlace PointerPlace(JsonPointer pointer) {
  return FieldPlace{std::move(pointer)};
}

}  // namespace

Result<JsonPointer> JsonPointer::Parse(std::string_view text) {
  JsonPointer pointer;
  if (!IsUtf8(text)) return Fail("a JSON Pointer is UTF-8 text");
  if (text.empty()) return pointer;
  if (text.front() != '/')
    return Fail("a JSON Pointer begins with '/', as in /payload/execution_id");
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::size_t length = std::min(text.find('/'), text.size());
    auto token = UnescapeToken(text.substr(0, length));
    if (!token) return Unexpected<Error>(token.error());
    pointer.tokens.push_back(*std::move(token));
    text.remove_prefix(length);
  }
  return pointer;
}

Result<FieldPlace> FieldPlace::Parse(std::string_view text) {
  if (text.empty()) return FieldPlace{NoPlace{}};
  if (text.starts_with(kHeader)) {
    const std::string_view name = text.substr(kHeader.size());
    if (name.empty()) return Fail("header: needs a name, as in header:execution_id");
    return FieldPlace{HeaderPlace{std::string(name)}};
  }
  if (text.starts_with(kProperty)) {
    const std::string_view name = text.substr(kProperty.size());
    const auto names = PropertyNames();
    if (std::ranges::find(names, name) == names.end()) {
      return Fail(fmt::format("'{}' is no AMQP property; the properties are {}",
                              DisplayText(name, 60), fmt::join(names, ", ")));
    }
    return FieldPlace{PropertyPlace{std::string(name)}};
  }
  if (text.front() != '/') {
    return Fail(
        fmt::format("'{}' is no place in a letter; allowed are a JSON Pointer "
                    "(/payload/execution_id), header:NAME, "
                    "property:NAME and \"\"",
                    DisplayText(text, 60)));
  }
  return JsonPointer::Parse(text).map(PointerPlace);
}

LetterFormat LetterFormat::Default() {
  LetterFormat format;
  format.type = {JsonPointer{{"message_type"}}};
  format.execution_types = {"ExecutionRequested"};
  format.execution_id = {JsonPointer{{"payload", "execution_id"}}};
  format.worker_id = {JsonPointer{{"payload", "worker_id"}}};
  format.attempt = {JsonPointer{{"payload", "scheduled_attempt_updated_at"}}};
  format.action = {JsonPointer{{"payload", "action_ref"}}};
  format.message_id = {JsonPointer{{"message_id"}}};
  format.correlation_id = {JsonPointer{{"correlation_id"}}};
  return format;
}

}  // namespace deadletter
