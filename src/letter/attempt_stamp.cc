#include "letter/attempt_stamp.h"

#include <string>

#include "base/rfc3339.h"
#include "letter/json_reader.h"

namespace deadletter {
namespace {

Result<void> RenewInBody(std::string& body, const JsonPointer& pointer, const std::string& text) {
  const auto reading = JsonReader({pointer}).Read(body);
  if (!reading) return Fail("the body that holds the attempt stamp is not JSON");
  const auto& value = reading->values.front();
  if (!value) return Fail("the body holds no attempt stamp");
  const auto begin = static_cast<std::size_t>(value->raw.data() - body.data());
  body.replace(begin, value->raw.size(), '"' + text + '"');
  return {};
}

}  // namespace

Result<void> RenewAttemptStamp(Message& message, const FieldPlace& place, Instant stamp) {
  const std::string text = FormatRfc3339(stamp);
  if (const auto* pointer = std::get_if<JsonPointer>(&place.place))
    return RenewInBody(message.body, *pointer, text);
  if (const auto* header = std::get_if<HeaderPlace>(&place.place)) {
    for (FieldEntry& entry : message.headers.entries) {
      if (entry.name == header->name) entry.value = {text};
    }
    return {};
  }
  if (std::holds_alternative<PropertyPlace>(place.place))
    return Fail(
        "letter.attempt is a property of the message, and none of them holds a time that is "
        "finer than a second");
  return {};
}

}  // namespace deadletter
