// JSON Pointers and the reader that follows them, beside another reader that knows nothing of ours.
#include <boost/json.hpp>
#include <vector>

#include "letter/json_reader.h"
#include "letter/json_text.h"
#include "letter/place_reader.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/target.h"

namespace deadletter::fuzz {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 200;  // the other reader recurses
constexpr std::size_t kMaxPlaces = 8;

std::string Written(const JsonPointer& pointer) {
  std::string text;
  for (const std::string& token : pointer.tokens) {
    text += '/';
    for (const char c : token) {
      if (c == '~') {
        text += "~0";
      } else if (c == '/') {
        text += "~1";
      } else {
        text += c;
      }
    }
  }
  return text;
}

// The text's lines, each a place.
std::vector<FieldPlace> PlacesIn(std::string_view text) {
  std::vector<FieldPlace> places;
  while (!text.empty() && places.size() < kMaxPlaces) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto place = FieldPlace::Parse(line);
    if (!place) {
      Require(
          !place.error().message.empty() && place.error().message.find('\n') == std::string::npos,
          "an error is one line");
      continue;
    }
    Require(place->IsNone() == line.empty(), "no place is written as nothing");
    if (const auto* pointer = std::get_if<JsonPointer>(&place->place))
      Require(Written(*pointer) == line, "a pointer is written as it was read");
    places.push_back(*std::move(place));
  }
  return places;
}

std::vector<JsonPointer> PointersOf(const std::vector<FieldPlace>& places) {
  std::vector<JsonPointer> pointers;
  for (const FieldPlace& place : places) {
    if (const auto* pointer = std::get_if<JsonPointer>(&place.place)) pointers.push_back(*pointer);
  }
  return pointers;
}

const json::value* Below(const json::value& value, const std::string& token) {
  if (const auto* object = value.if_object()) return object->if_contains(token);
  const auto* const array = value.if_array();
  const bool is_index = !token.empty() && token.size() < 9 &&
                        token.find_first_not_of("0123456789") == std::string::npos &&
                        (token.size() == 1 || token.front() != '0');
  if (array == nullptr || !is_index) return nullptr;
  return array->if_contains(std::stoul(token));
}

const json::value* Follow(const json::value& root, const JsonPointer& pointer) {
  const json::value* value = &root;
  for (const std::string& token : pointer.tokens) {
    value = Below(*value, token);
    if (value == nullptr) return nullptr;
  }
  return value;
}

JsonKind KindOf(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return JsonKind::kNull;
    case json::kind::bool_:
      return value.get_bool() ? JsonKind::kTrue : JsonKind::kFalse;
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return JsonKind::kNumber;
    case json::kind::string:
      return JsonKind::kString;
    case json::kind::array:
      return JsonKind::kArray;
    case json::kind::object:
      return JsonKind::kObject;
  }
  return JsonKind::kNull;
}

void CheckValue(const JsonValue& ours, const json::value& theirs) {
  Require(ours.kind == KindOf(theirs), "a value is of the same kind");
  if (ours.kind == JsonKind::kString) {
    const JsonText text = UnescapeJson(ours.raw);
    Require(text.text == std::string_view(theirs.get_string()), "a string has the same characters");
  } else if (theirs.is_int64() && IsIntegerLiteral(ours.raw) && ours.raw != "-0") {
    Require(std::to_string(theirs.get_int64()) == ours.raw, "an integer is the same number");
  } else if (ours.kind == JsonKind::kObject || ours.kind == JsonKind::kArray) {
    json::error_code error;
    json::parse_options options;
    options.max_depth = kMaxDepth;
    const json::value part = json::parse(ours.raw, error, {}, options);
    Require(!error && part == theirs, "a part is the same as that part of the whole");
  }
}

std::optional<json::value> TheirReading(std::string_view body) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::value value = json::parse(body, error, {}, options);
  return error ? std::nullopt : std::optional(std::move(value));
}

void CheckReading(const std::vector<JsonPointer>& pointers, std::string_view body) {
  const auto ours = JsonReader(pointers).Read(body);
  const auto theirs = TheirReading(body);
  if (!ours) return Require(!theirs, "what another reader understands is understood");
  Require(ours->values.size() == pointers.size(), "there is an answer for each place");
  for (const auto& value : ours->values) {
    if (!value) continue;
    Require(value->raw.data() >= body.data() &&
                value->raw.data() + value->raw.size() <= body.data() + body.size(),
            "a value is a part of the body");
  }
  if (!theirs) return;  // half a surrogate pair, or too deep: ours goes on
  Require(ours->root == KindOf(*theirs), "the whole is of the same kind");
  for (std::size_t place = 0; place < pointers.size(); ++place) {
    const json::value* const there = Follow(*theirs, pointers[place]);
    Require(ours->values[place].has_value() == (there != nullptr),
            "a place holds something for both readers or for none");
    if (there != nullptr) CheckValue(*ours->values[place], *there);
  }
}

// The same through the reader of all places, headers and properties too.
void CheckPlaces(const std::vector<FieldPlace>& places, std::string_view body) {
  Message message;
  message.body = body;
  message.headers.entries = {{"id", {std::int64_t{5}}}};
  message.properties.type = "type";
  const PlaceReader reader(places);
  const PlaceReading reading = reader.Read(message, body.size());
  Require(reading.values.size() == places.size(), "there is a value for each place");
  const bool needs_body = !PointersOf(places).empty();
  Require(needs_body || !reading.body_malformation, "a body that nobody needs cannot be malformed");
  for (std::size_t index = 0; index < places.size(); ++index) {
    const PlaceValue& value = reading.values[index];
    const bool in_body = std::holds_alternative<JsonPointer>(places[index].place);
    if (places[index].IsNone() || (in_body && reading.body_malformation))
      Require(std::holds_alternative<PlaceNothing>(value), "where nothing can be, nothing is");
    if (const auto* integer = std::get_if<PlaceInteger>(&value)) {
      Require(integer->literal.find_first_not_of("-0123456789") == std::string::npos &&
                  !integer->literal.empty(),
              "an integer consists of digits");
    }
  }
  if (!body.empty() && needs_body) {
    Require(reader.Read(message, body.size() - 1).body_malformation == Malformation::kBodyTooLarge,
            "a body beyond the limit is not looked at (P9)");
  }
}

// A long part of lines, then the body.
void Places(std::string_view input) {
  ByteSource source(input);
  const std::vector<FieldPlace> places = PlacesIn(source.LongPart());
  CheckReading(PointersOf(places), source.Rest());
  CheckPlaces(places, source.Rest());
}

const Registration kRegistration("places", Places);

}  // namespace
}  // namespace deadletter::fuzz
