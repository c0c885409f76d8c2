#include <limits>

#include "letter/field_json.h"
#include "letter/text_properties.h"

namespace deadletter {
namespace {

// As field tables: an integer where it fits, so that it reads as a plain number.
FieldValue NumberValue(std::uint64_t number) {
  if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return {number};
  return {static_cast<std::int64_t>(number)};
}

template <class T>
bool ReadNumber(const FieldValue& value, std::optional<T>& number) {
  if (const auto* wide = std::get_if<std::uint64_t>(&value.value);
      wide != nullptr && std::in_range<T>(*wide)) {
    number = static_cast<T>(*wide);
  }
  if (const auto* narrow = std::get_if<std::int64_t>(&value.value);
      narrow != nullptr && std::in_range<T>(*narrow)) {
    number = static_cast<T>(*narrow);
  }
  return number.has_value();
}

bool ReadProperty(const FieldEntry& entry, Properties& properties) {
  if (entry.name == "delivery_mode") return ReadNumber(entry.value, properties.delivery_mode);
  if (entry.name == "priority") return ReadNumber(entry.value, properties.priority);
  if (entry.name == "timestamp") return ReadNumber(entry.value, properties.timestamp);
  for (const TextProperty& property : kTextProperties) {
    if (entry.name != property.name) continue;
    const std::string* const text = AsString(&entry.value);
    if (text != nullptr) properties.*property.member = *text;
    return text != nullptr;
  }
  return false;
}

}  // namespace

std::string PropertiesToJson(const Properties& properties) {
  FieldTable table;
  const auto add = [&](std::string_view name, FieldValue value) {
    table.entries.push_back({std::string(name), std::move(value)});
  };
  for (const TextProperty& property : kTextProperties) {
    if (const auto& text = properties.*property.member) add(property.name, {*text});
  }
  if (properties.delivery_mode) add("delivery_mode", NumberValue(*properties.delivery_mode));
  if (properties.priority) add("priority", NumberValue(*properties.priority));
  if (properties.timestamp) add("timestamp", NumberValue(*properties.timestamp));
  return FieldTableToJson(table);
}

Result<Properties> PropertiesFromJson(std::string_view json) {
  const auto table = FieldTableFromJson(json);
  if (!table) return Unexpected<Error>(table.error());
  Properties properties;
  for (const FieldEntry& entry : table->entries) {
    if (!ReadProperty(entry, properties))
      return Fail("not properties: " + entry.name + " is unknown or of a wrong type");
  }
  return properties;
}

}  // namespace deadletter
