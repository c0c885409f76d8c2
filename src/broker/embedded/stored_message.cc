#include "broker/embedded/stored_message.h"

#include <charconv>
#include <cstdint>

#include "letter/field_json.h"

namespace deadletter::embedded {

Message ReadStored(const std::string& properties, const std::string& headers) {
  Message message;
  if (auto read = FieldTableFromJson(headers)) {
    message.headers = std::move(*read);
  } else {
    message.headers.entries.push_back({"unreadable-headers", {FieldBytes{headers}}});
  }
  if (auto read = PropertiesFromJson(properties)) {
    message.properties = std::move(*read);
  } else {
    message.headers.entries.push_back({"unreadable-properties", {FieldBytes{properties}}});
  }
  return message;
}

std::optional<std::chrono::milliseconds> OwnTtl(const Properties& properties) {
  if (!properties.expiration) return std::nullopt;
  std::uint32_t milliseconds = 0;
  const char* end = properties.expiration->data() + properties.expiration->size();
  const auto [read, error] = std::from_chars(properties.expiration->data(), end, milliseconds);
  if (error != std::errc{} || read != end) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

bool HasUsableExpiration(const Properties& properties) {
  return !properties.expiration || OwnTtl(properties).has_value();
}

}  // namespace deadletter::embedded
