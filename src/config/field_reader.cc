#include "config/field_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace deadletter {
namespace {

std::string EscapeToken(const std::string& token) {
  std::string escaped;
  for (const char c : token) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string ShowPlace(const FieldPlace& place) {
  struct Shower {
    std::string operator()(const NoPlace&) const { return ""; }
    std::string operator()(const HeaderPlace& header) const { return "header:" + header.name; }
    std::string operator()(const PropertyPlace& property) const {
      return "property:" + property.name;
    }
    std::string operator()(const JsonPointer& pointer) const {
      std::string text;
      for (const std::string& token : pointer.tokens) text += "/" + EscapeToken(token);
      return text;
    }
  };
  return ShowText(std::visit(Shower(), place.place));
}

bool IsSchemaCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

Result<void> CheckTableName(const std::string& text) {
  const size_t dot = text.find('.');
  const std::string first = text.substr(0, dot);
  const std::string second = dot == std::string::npos ? first : text.substr(dot + 1);
  for (const std::string& part : {first, second}) {
    if (part.empty() || part.size() > limits::kIdentifierBytes ||
        part.find('.') != std::string::npos) {
      return Fail("");
    }
  }
  return {};
}

Result<void> CheckSchemaName(const std::string& text) {
  const bool good = !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
                    std::all_of(text.begin(), text.end(), IsSchemaCharacter) &&
                    !text.starts_with("pg_");
  if (!good) return Fail("");
  return {};
}

Result<void> CheckBasePath(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("/-._~").find(c) != std::string_view::npos;
  });
  const bool ends_well = text.size() == 1 || !text.ends_with('/');
  const bool has_gap = text.find("//") != std::string::npos ||
                       (text + "/").find("/./") != std::string::npos ||
                       (text + "/").find("/../") != std::string::npos;
  if (!plain || !text.starts_with('/') || !ends_well || has_gap) return Fail("");
  return {};
}

Result<void> CheckRedactedPlace(const std::string& text) {
  const auto pointer = JsonPointer::Parse(text);
  if (!pointer) return Unexpected<Error>(pointer.error());
  if (pointer->tokens.empty()) return Fail("");
  return {};
}

}  // namespace

Reader<FieldPlace> Place(bool may_be_none) {
  std::string allowed = R"(a JSON Pointer like "/payload/id", "header:NAME" or "property:NAME")";
  if (may_be_none) allowed += R"(, or "" for none)";
  return {std::move(allowed),
          [may_be_none](const RawValue& raw) -> Result<FieldPlace> {
            const auto text = ReadText(raw, limits::kFieldPlaceBytes);
            if (!text) return Unexpected<Error>(text.error());
            auto place = FieldPlace::Parse(*text);
            if (place && place->IsNone() && !may_be_none) return Fail("");
            return place;
          },
          &ShowPlace};
}

Reader<std::set<Reason>> Reasons() {
  constexpr std::size_t kReasons = 5;
  const auto list = Texts(
      {1, kReasons}, TextThat(limits::kNameBytes,
                              R"("expired", "rejected", "maxlen", "delivery_limit" or "unknown")",
                              [](const std::string& text) -> Result<void> {
                                if (!ReasonFromName(text)) return Fail("");
                                return {};
                              }));
  return {list.allowed,
          [list](const RawValue& raw) -> Result<std::set<Reason>> {
            const auto names = list.read(raw);
            if (!names) return Unexpected<Error>(names.error());
            std::set<Reason> reasons;
            for (const std::string& name : *names) reasons.insert(*ReasonFromName(name));
            return reasons;
          },
          [](const std::set<Reason>& reasons) -> std::string {
            std::vector<std::string> names;
            for (const Reason reason : reasons) names.emplace_back(ReasonName(reason));
            return names.empty() ? "" : ShowTexts(names);
          }};
}

Reader<std::vector<std::string>> WorkerIds() {
  Reader<std::string> item = Text(1, limits::kWorkerIdBytes);
  item.allowed += " or a whole number";
  item.read = [text = std::move(item.read)](const RawValue& raw) -> Result<std::string> {
    if (const auto* number = std::get_if<std::int64_t>(&raw.content))
      return std::to_string(*number);
    return text(raw);
  };
  return Texts({0, limits::kWorkerIds}, std::move(item));
}

Reader<std::vector<std::string>> RedactedPlaces() {
  return Texts({0, limits::kRedactions},
               TextThat(limits::kFieldPlaceBytes, R"(a JSON Pointer like "/payload/password")",
                        &CheckRedactedPlace));
}

Reader<std::string> TableName() {
  return TextThat(2 * limits::kIdentifierBytes + 1,
                  R"("TABLE" or "SCHEMA.TABLE", each name of 1 to 63 bytes and without a dot)",
                  &CheckTableName);
}

Reader<std::string> Column() {
  Reader<std::string> reader = Text(1, limits::kIdentifierBytes);
  reader.allowed = "a column's name of 1 to 63 bytes";
  return reader;
}

Reader<std::string> OptionalColumn() {
  Reader<std::string> reader = Text(0, limits::kIdentifierBytes);
  reader.allowed = R"(a column's name of at most 63 bytes, or "" for none)";
  return reader;
}

Reader<std::string> SchemaName() {
  return TextThat(limits::kIdentifierBytes,
                  R"(1 to 63 of a-z, 0-9 and _, beginning with neither a digit nor "pg_")",
                  &CheckSchemaName);
}

Reader<std::string> Path() {
  Reader<std::string> reader = Text(1, limits::kPathBytes);
  reader.allowed = "a path of 1 to 4095 bytes";
  return reader;
}

Reader<std::string> BrokerName() {
  Reader<std::string> reader = Text(1, limits::kNameBytes);
  reader.allowed = "a name of 1 to 255 bytes";
  return reader;
}

Reader<std::string> WorkerQueueName() {
  return TextThat(limits::kNameBytes, R"(a name of at most 255 bytes that holds "{id}")",
                  [](const std::string& text) -> Result<void> {
                    if (text.find("{id}") == std::string::npos) return Fail("");
                    return {};
                  });
}

Reader<std::string> BasePath() {
  return TextThat(
      limits::kNameBytes,
      R"(a path like "/" or "/deadletter": begins with "/", does not end with it, of A-Z a-z 0-9 - . _ ~)",
      &CheckBasePath);
}

}  // namespace deadletter
