#include "letter/field_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <unordered_set>

#include "base/text.h"

namespace deadletter {
namespace {

// Recursion is bounded by kMaxFieldDepth: adapters keep what is nested deeper as bytes.

void WriteTable(std::string& json, const FieldTable& table);
void WriteValue(std::string& json, const FieldValue& value);

unsigned CodeOf(std::string_view character) {
  const auto at = [&](std::size_t index) {
    return static_cast<unsigned>(static_cast<unsigned char>(character[index]));
  };
  switch (character.size()) {
    case 1:
      return at(0);
    case 2:
      return (at(0) & 0x1F) << 6 | (at(1) & 0x3F);
    case 3:
      return (at(0) & 0x0F) << 12 | (at(1) & 0x3F) << 6 | (at(2) & 0x3F);
    default:
      return (at(0) & 0x07) << 18 | (at(1) & 0x3F) << 12 | (at(2) & 0x3F) << 6 | (at(3) & 0x3F);
  }
}

void WriteCharacter(std::string& json, std::string_view character) {
  const unsigned code = CodeOf(character);
  if (code == '"' || code == '\\') {
    json += '\\';
    json += character;
  } else if (code >= 0x20 && code < 0x7F) {
    json += character;
  } else if (code < 0x10000) {
    json += fmt::format("\\u{:04x}", code);
  } else {
    json += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((code - 0x10000) >> 10),
                        0xDC00 + (code & 0x3FF));
  }
}

void WriteUtf8(std::string& json, std::string_view text) {
  json += '"';
  while (true) {
    const std::size_t plain = PlainLength(text);
    json += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t length = Utf8CharacterLength(text);
    WriteCharacter(json, text.substr(0, length));
    text.remove_prefix(length);
  }
  json += '"';
}

void WriteTagged(std::string& json, std::string_view tag, std::string_view content) {
  fmt::format_to(std::back_inserter(json), R"({{"!{}":{}}})", tag, content);
}

void WriteBase64(std::string& json, std::string_view tag, std::string_view bytes) {
  WriteTagged(json, tag, '"' + Base64(bytes) + '"');
}

void WriteString(std::string& json, std::string_view text) {
  if (IsUtf8(text)) {
    WriteUtf8(json, text);
  } else {
    WriteBase64(json, "string", text);
  }
}

void WriteArray(std::string& json, const FieldArray& array) {
  json += '[';
  for (const FieldValue& element : array) {
    if (&element != array.data()) json += ',';
    WriteValue(json, element);
  }
  json += ']';
}

void Write(std::string& json, FieldVoid) {
  json += "null";
}
void Write(std::string& json, bool value) {
  json += value ? "true" : "false";
}
void Write(std::string& json, std::int8_t value) {
  WriteTagged(json, "int8", std::to_string(value));
}
void Write(std::string& json, std::uint8_t value) {
  WriteTagged(json, "uint8", std::to_string(value));
}
void Write(std::string& json, std::int16_t value) {
  WriteTagged(json, "int16", std::to_string(value));
}
void Write(std::string& json, std::uint16_t value) {
  WriteTagged(json, "uint16", std::to_string(value));
}
void Write(std::string& json, std::int32_t value) {
  WriteTagged(json, "int32", std::to_string(value));
}
void Write(std::string& json, std::uint32_t value) {
  WriteTagged(json, "uint32", std::to_string(value));
}
void Write(std::string& json, std::int64_t value) {
  json += std::to_string(value);
}
void Write(std::string& json, std::uint64_t value) {
  WriteTagged(json, "uint64", std::to_string(value));
}
void Write(std::string& json, float value) {
  WriteTagged(json, "float", fmt::format("\"{:08x}\"", std::bit_cast<std::uint32_t>(value)));
}
void Write(std::string& json, double value) {
  WriteTagged(json, "double", fmt::format("\"{:016x}\"", std::bit_cast<std::uint64_t>(value)));
}
void Write(std::string& json, const FieldDecimal& value) {
  WriteTagged(json, "decimal",
              fmt::format(R"({{"scale":{},"value":{}}})", value.scale, value.value));
}
void Write(std::string& json, const FieldTimestamp& value) {
  WriteTagged(json, "timestamp", std::to_string(value.seconds));
}
void Write(std::string& json, const std::string& value) {
  WriteString(json, value);
}
void Write(std::string& json, const FieldBytes& value) {
  WriteBase64(json, "bytes", value.bytes);
}
void Write(std::string& json, const FieldArray& value) {
  WriteArray(json, value);
}
void Write(std::string& json, const FieldTable& value) {
  WriteTable(json, value);
}
void Write(std::string& json, const FieldEncoded& value) {
  WriteBase64(json, "encoded", value.bytes);
}

void WriteValue(std::string& json, const FieldValue& value) {
  std::visit([&](const auto& held) { Write(json, held); }, value.value);
}

bool NamesRepeat(const std::vector<FieldEntry>& entries) {
  // Of the few that most tables have, comparing all with all costs less than a set of them.
  constexpr std::size_t kFew = 16;
  if (entries.size() <= kFew) {
    for (std::size_t one = 1; one < entries.size(); ++one) {
      for (std::size_t other = 0; other < one; ++other) {
        if (entries[one].name == entries[other].name) return true;
      }
    }
    return false;
  }
  std::unordered_set<std::string_view> names;
  return std::ranges::any_of(
      entries, [&](const FieldEntry& entry) { return !names.insert(entry.name).second; });
}

// Whether a JSON object could not tell the table.
bool NeedsPairs(const FieldTable& table) {
  if (table.entries.size() == 1 && table.entries.front().name.starts_with('!')) return true;
  return NamesRepeat(table.entries) ||
         std::ranges::any_of(table.entries,
                             [](const FieldEntry& entry) { return !IsUtf8(entry.name); });
}

void WritePair(std::string& json, const FieldEntry& entry) {
  json += '[';
  if (IsUtf8(entry.name)) {
    WriteUtf8(json, entry.name);
  } else {
    json += R"("!",")" + Base64(entry.name) + '"';
  }
  json += ',';
  WriteValue(json, entry.value);
  json += ']';
}

void WriteTable(std::string& json, const FieldTable& table) {
  const bool pairs = NeedsPairs(table);
  json += pairs ? R"({"!table":[)" : "{";
  for (const FieldEntry& entry : table.entries) {
    if (&entry != table.entries.data()) json += ',';
    if (pairs) {
      WritePair(json, entry);
    } else {
      WriteUtf8(json, entry.name);
      json += ':';
      WriteValue(json, entry.value);
    }
  }
  json += pairs ? "]}" : "}";
}

}  // namespace

std::string FieldTableToJson(const FieldTable& table) {
  std::string json;
  WriteTable(json, table);
  return json;
}

}  // namespace deadletter
