#include "letter/place_reader.h"

#include <concepts>
#include <type_traits>

#include "letter/json_text.h"
#include "letter/text_properties.h"

namespace deadletter {
namespace {

std::vector<std::size_t> BodyPlaces(const std::vector<FieldPlace>& places) {
  std::vector<std::size_t> indexes;
  for (std::size_t index = 0; index < places.size(); ++index) {
    if (std::holds_alternative<JsonPointer>(places[index].place)) indexes.push_back(index);
  }
  return indexes;
}

std::vector<JsonPointer> PointersAt(const std::vector<FieldPlace>& places,
                                    const std::vector<std::size_t>& indexes) {
  std::vector<JsonPointer> pointers;
  for (const std::size_t index : indexes)
    pointers.push_back(std::get<JsonPointer>(places[index].place));
  return pointers;
}

PlaceValue FromJson(const JsonValue& value) {
  switch (value.kind) {
    case JsonKind::kString: {
      JsonText text = UnescapeJson(value.raw);
      return PlaceText{std::move(text.text), true, text.lone_surrogate};
    }
    case JsonKind::kNumber:
      if (!IsIntegerLiteral(value.raw)) return PlaceOther{};
      return PlaceInteger{std::string(value.raw)};
    case JsonKind::kNull:
      return PlaceNothing{};
    case JsonKind::kObject:
    case JsonKind::kArray:
    case JsonKind::kTrue:
    case JsonKind::kFalse:
      return PlaceOther{};
  }
  return PlaceOther{};
}

PlaceValue FromHeader(const FieldValue* value) {
  if (value == nullptr) return PlaceNothing{};
  return std::visit(
      []<class T>(const T& held) -> PlaceValue {
        if constexpr (std::is_same_v<T, FieldVoid>) {
          return PlaceNothing{};
        } else if constexpr (std::is_same_v<T, std::string>) {
          return PlaceText{held};
        } else if constexpr (std::is_same_v<T, FieldTimestamp>) {
          return PlaceTimestamp{held.seconds};
        } else if constexpr (std::integral<T> && !std::is_same_v<T, bool>) {
          return PlaceInteger{std::to_string(held)};
        } else {
          return PlaceOther{};
        }
      },
      value->value);
}

PlaceValue FromText(const std::optional<std::string>& text) {
  return text ? PlaceValue(PlaceText{*text}) : PlaceNothing{};
}

PlaceValue FromOctet(const std::optional<std::uint8_t>& octet) {
  return octet ? PlaceValue(PlaceInteger{std::to_string(*octet)}) : PlaceNothing{};
}

PlaceValue FromProperty(const Properties& properties, const std::string& name) {
  for (const TextProperty& property : kTextProperties) {
    if (name == property.name) return FromText(properties.*property.member);
  }
  if (name == "delivery_mode") return FromOctet(properties.delivery_mode);
  if (name == "priority") return FromOctet(properties.priority);
  if (name == "timestamp" && properties.timestamp) return PlaceTimestamp{*properties.timestamp};
  return PlaceNothing{};
}

}  // namespace

PlaceReader::PlaceReader(std::vector<FieldPlace> places)
    : places_(std::move(places)),
      in_body_(BodyPlaces(places_)),
      json_(PointersAt(places_, in_body_)) {}

PlaceReading PlaceReader::Read(const Message& message, std::size_t max_body_bytes) const {
  PlaceReading reading;
  reading.values.resize(places_.size());
  for (std::size_t index = 0; index < places_.size(); ++index) {
    if (const auto* header = std::get_if<HeaderPlace>(&places_[index].place)) {
      reading.values[index] = FromHeader(message.headers.Find(header->name));
    } else if (const auto* property = std::get_if<PropertyPlace>(&places_[index].place)) {
      reading.values[index] = FromProperty(message.properties, property->name);
    }
  }
  if (!in_body_.empty())
    reading.body_malformation = ReadBody(message.body, max_body_bytes, reading.values);
  return reading;
}

std::optional<Malformation> PlaceReader::ReadBody(const std::string& body,
                                                  std::size_t max_body_bytes,
                                                  std::vector<PlaceValue>& values) const {
  if (body.size() > max_body_bytes) return Malformation::kBodyTooLarge;
  const auto json = json_.Read(body);
  if (!json) return Malformation::kNotJson;
  if (json->root != JsonKind::kObject) return Malformation::kNotObject;
  for (std::size_t place = 0; place < in_body_.size(); ++place) {
    if (json->values[place]) values[in_body_[place]] = FromJson(*json->values[place]);
  }
  return std::nullopt;
}

}  // namespace deadletter
