#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <unordered_set>

#include "base/text.h"
#include "letter/field_json.h"
#include "letter/json_reader.h"
#include "letter/json_text.h"

namespace deadletter {
namespace {

// What kMaxFieldDepth tables take if each is written as pairs, and something to spare.
constexpr int kMaxJsonDepth = 4 * (kMaxFieldDepth + 2);

template <class T>
bool ReadDigits(std::string_view digits, T& number, int base = 10) {
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  return error == std::errc{} && end == digits.data() + digits.size();
}

// What a tagged object's only member, read as a plain value, stands for. False: nothing that we
// write.
template <class T>
bool ToInteger(const FieldValue& plain, FieldValue& value) {
  const auto* const number = std::get_if<std::int64_t>(&plain.value);
  if (number == nullptr || !std::in_range<T>(*number)) return false;
  value.value = static_cast<T>(*number);
  return true;
}

bool ToUnsigned(const FieldValue& plain, std::uint64_t& number) {
  if (const auto* wide = std::get_if<std::uint64_t>(&plain.value)) {
    number = *wide;
    return true;
  }
  const auto* const narrow = std::get_if<std::int64_t>(&plain.value);
  if (narrow == nullptr || *narrow < 0) return false;
  number = static_cast<std::uint64_t>(*narrow);
  return true;
}

template <class Bits, class T>
bool ToFloating(const FieldValue& plain, FieldValue& value) {
  const auto* const digits = std::get_if<std::string>(&plain.value);
  Bits bits = 0;
  if (digits == nullptr || digits->size() != 2 * sizeof(Bits) || !ReadDigits(*digits, bits, 16))
    return false;
  value.value = std::bit_cast<T>(bits);
  return true;
}

bool ToDecimal(const FieldValue& plain, FieldValue& value) {
  const auto* const table = std::get_if<FieldTable>(&plain.value);
  if (table == nullptr || table->entries.size() != 2) return false;
  FieldValue scale;
  FieldValue digits;
  const FieldValue* const scale_in = table->Find("scale");
  const FieldValue* const digits_in = table->Find("value");
  if (scale_in == nullptr || digits_in == nullptr || !ToInteger<std::uint8_t>(*scale_in, scale) ||
      !ToInteger<std::uint32_t>(*digits_in, digits)) {
    return false;
  }
  value.value =
      FieldDecimal{std::get<std::uint8_t>(scale.value), std::get<std::uint32_t>(digits.value)};
  return true;
}

std::optional<std::string> ToBytes(const FieldValue& plain) {
  const auto* const text = std::get_if<std::string>(&plain.value);
  return text == nullptr ? std::nullopt : FromBase64(*text);
}

// ["name", value] or ["!", "<base64 of the name>", value].
bool ToEntry(FieldValue& plain, FieldEntry& entry) {
  auto* const pair = std::get_if<FieldArray>(&plain.value);
  if (pair == nullptr || pair->size() < 2 || pair->size() > 3) return false;
  const auto* const name = std::get_if<std::string>(&pair->front().value);
  if (name == nullptr) return false;
  if (pair->size() == 2) {
    entry.name = *name;
  } else {
    auto bytes = ToBytes((*pair)[1]);
    if (*name != "!" || !bytes) return false;
    entry.name = *std::move(bytes);
  }
  entry.value = std::move(pair->back());
  return true;
}

bool ToTable(FieldValue& plain, FieldValue& value) {
  auto* const pairs = std::get_if<FieldArray>(&plain.value);
  if (pairs == nullptr) return false;
  FieldTable table;
  for (FieldValue& pair : *pairs) {
    if (!ToEntry(pair, table.entries.emplace_back())) return false;
  }
  value.value = std::move(table);
  return true;
}

bool Untag(std::string_view tag, FieldValue& plain, FieldValue& value) {
  if (tag == "!table") return ToTable(plain, value);
  if (tag == "!timestamp") return ToUnsigned(plain, value.value.emplace<FieldTimestamp>().seconds);
  if (tag == "!uint64") return ToUnsigned(plain, value.value.emplace<std::uint64_t>());
  if (tag == "!int8") return ToInteger<std::int8_t>(plain, value);
  if (tag == "!uint8") return ToInteger<std::uint8_t>(plain, value);
  if (tag == "!int16") return ToInteger<std::int16_t>(plain, value);
  if (tag == "!uint16") return ToInteger<std::uint16_t>(plain, value);
  if (tag == "!int32") return ToInteger<std::int32_t>(plain, value);
  if (tag == "!uint32") return ToInteger<std::uint32_t>(plain, value);
  if (tag == "!float") return ToFloating<std::uint32_t, float>(plain, value);
  if (tag == "!double") return ToFloating<std::uint64_t, double>(plain, value);
  if (tag == "!decimal") return ToDecimal(plain, value);
  auto bytes = ToBytes(plain);
  if (!bytes) return false;
  if (tag == "!string")
    value.value = *std::move(bytes);
  else if (tag == "!bytes")
    value.value = FieldBytes{*std::move(bytes)};
  else if (tag == "!encoded")
    value.value = FieldEncoded{*std::move(bytes)};
  else
    return false;
  return true;
}

// Walks through an object's text that is known to be JSON, so that only its meaning can be wrong
// and the closing bracket ends every look ahead. A tagged object is first read as a table and then
// understood: reading it twice would cost twice as much at every level.
class Walk {
 public:
  explicit Walk(std::string_view json) : start_(json.data()), at_(json.data()) {}

  [[nodiscard]] bool Value(FieldValue& value, int depth, bool wide_number_allowed = false) {
    if (depth > kMaxJsonDepth) return Complain("nested too deep");
    SkipSpace();
    switch (*at_) {
      case '{':
        return Object(value, depth);
      case '[':
        return Array(value, depth);
      case '"':
        return String(value.value.emplace<std::string>());
      case 't':
        return Word(4, FieldValue{true}, value);
      case 'f':
        return Word(5, FieldValue{false}, value);
      case 'n':
        return Word(4, FieldValue{FieldVoid{}}, value);
      default:
        return Number(value, wide_number_allowed);
    }
  }

  [[nodiscard]] const std::string& complaint() const { return complaint_; }

 private:
  bool Complain(std::string_view what) {
    complaint_ = fmt::format("{} at byte {}", what, at_ - start_);
    return false;
  }

  void SkipSpace() {
    while (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t') ++at_;
  }

  // Steps over a bracket, comma or colon if it comes next.
  [[nodiscard]] bool Take(char punctuation) {
    SkipSpace();
    if (*at_ != punctuation) return false;
    ++at_;
    return true;
  }

  [[nodiscard]] bool Word(std::size_t length, const FieldValue& meaning, FieldValue& value) {
    at_ += length;
    value = meaning;
    return true;
  }

  [[nodiscard]] bool String(std::string& text) {
    const char* const first = at_;
    do {
      at_ += *at_ == '\\' ? 2 : 1;
    } while (*at_ != '"');
    ++at_;
    JsonText read = UnescapeJson({first, static_cast<std::size_t>(at_ - first)});
    if (read.lone_surrogate) return Complain("half of a surrogate pair");
    text = std::move(read.text);
    return true;
  }

  [[nodiscard]] bool Number(FieldValue& value, bool wide_allowed) {
    const char* last = at_;
    while ((*last >= '0' && *last <= '9') || *last == '-' || *last == '+' || *last == '.' ||
           *last == 'e' || *last == 'E') {
      ++last;
    }
    const std::string_view digits(at_, static_cast<std::size_t>(last - at_));
    const bool read = ReadDigits(digits, value.value.emplace<std::int64_t>()) ||
                      (wide_allowed && ReadDigits(digits, value.value.emplace<std::uint64_t>()));
    if (!read) return Complain("a number that is no 64-bit integer");
    at_ = last;
    return true;
  }

  [[nodiscard]] bool Array(FieldValue& value, int depth) {
    ++at_;
    auto& array = value.value.emplace<FieldArray>();
    if (Take(']')) return true;
    do {
      if (!Value(array.emplace_back(), depth + 1)) return false;
    } while (Take(','));
    return Take(']');
  }

  [[nodiscard]] bool Object(FieldValue& value, int depth) {
    ++at_;
    FieldTable table;
    bool wide = false;
    if (!Take('}')) {
      do {
        if (!Member(table, depth, wide)) return false;
      } while (Take(','));
      if (!Take('}')) return false;
    }
    if (table.entries.size() == 1 && table.entries.front().name.starts_with('!')) {
      FieldEntry& only = table.entries.front();
      return Untag(only.name, only.value, value) ||
             Complain("a tag that is unknown or does not fit its value");
    }
    if (wide) return Complain("a number that is no 64-bit integer");
    if (HasNameTwice(table)) return Complain("a name that comes twice");
    value.value = std::move(table);
    return true;
  }

  [[nodiscard]] bool Member(FieldTable& table, int depth, bool& wide) {
    SkipSpace();
    FieldEntry& entry = table.entries.emplace_back();
    if (!String(entry.name) || !Take(':')) return false;
    const bool wide_allowed = entry.name == "!uint64" || entry.name == "!timestamp";
    SkipSpace();
    const bool number = *at_ == '-' || (*at_ >= '0' && *at_ <= '9');
    if (!Value(entry.value, depth + 1, wide_allowed)) return false;
    wide = wide || (number && std::holds_alternative<std::uint64_t>(entry.value.value));
    return true;
  }

  [[nodiscard]] static bool HasNameTwice(const FieldTable& table) {
    std::unordered_set<std::string_view> names;
    return std::ranges::any_of(
        table.entries, [&](const FieldEntry& entry) { return !names.insert(entry.name).second; });
  }

  const char* start_;
  const char* at_;
  std::string complaint_;
};

}  // namespace

Result<FieldTable> FieldTableFromJson(std::string_view json) {
  static const JsonReader kGrammar({});
  const auto reading = kGrammar.Read(json);
  if (!reading) return Fail("not a field table: not JSON");
  if (reading->root != JsonKind::kObject) return Fail("not a field table: not an object");
  FieldValue value;
  Walk walk(json);
  if (!walk.Value(value, 0)) return Fail("not a field table: " + walk.complaint());
  auto* const table = std::get_if<FieldTable>(&value.value);
  if (table == nullptr) return Fail("not a field table: another value, tagged");
  return std::move(*table);
}

}  // namespace deadletter
