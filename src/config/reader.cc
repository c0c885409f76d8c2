#include "config/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "base/text.h"
#include "config/units.h"

namespace deadletter {
namespace {

template <class T>
std::optional<T> ParseWhole(const std::string& text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <class T, class U>
bool IsWithin(T value, limits::Range<U> range) {
  return value >= range.min && value <= range.max;
}

// A value of type T as TOML gives it, or read from text where the source knows nothing but text.
template <class T>
std::optional<T> ScalarOf(const RawValue& raw, std::optional<T> (*parse)(const std::string&)) {
  if (const auto* value = std::get_if<T>(&raw.content)) return *value;
  if (const auto* text = std::get_if<RawText>(&raw.content)) return parse(text->text);
  return std::nullopt;
}

std::optional<bool> ParseBoolean(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

// Whatever is written with a unit: both TOML strings and plain texts; the integer 0 needs none.
std::optional<std::int64_t> WithUnit(const RawValue& raw,
                                     std::optional<std::int64_t> (*parse)(std::string_view)) {
  if (const auto* integer = std::get_if<std::int64_t>(&raw.content)) {
    return parse(std::to_string(*integer));
  }
  const auto text = ReadText(raw, limits::kNameBytes);
  return text ? parse(*text) : std::nullopt;
}

}  // namespace

Reader<bool> Boolean() {
  return {"true or false",
          [](const RawValue& raw) -> Result<bool> {
            const auto value = ScalarOf<bool>(raw, &ParseBoolean);
            if (!value) return Fail("");
            return *value;
          },
          [](const bool& value) -> std::string { return value ? "true" : "false"; }};
}

Reader<std::int64_t> WholeNumber(limits::Range<std::int64_t> range) {
  return {fmt::format("a whole number from {} to {}", range.min, range.max),
          [range](const RawValue& raw) -> Result<std::int64_t> {
            const auto value = ScalarOf<std::int64_t>(raw, &ParseWhole<std::int64_t>);
            if (!value || !IsWithin(*value, range)) return Fail("");
            return *value;
          },
          [](const std::int64_t& value) { return std::to_string(value); }};
}

Reader<double> Number(limits::Range<double> range) {
  return {fmt::format("a number from {} to {}", range.min, range.max),
          [range](const RawValue& raw) -> Result<double> {
            const auto* whole = std::get_if<std::int64_t>(&raw.content);
            const auto value = whole != nullptr ? static_cast<double>(*whole)
                                                : ScalarOf<double>(raw, &ParseWhole<double>);
            // NaN is within no range.
            if (!value || !IsWithin(*value, range)) return Fail("");
            return *value;
          },
          [](const double& value) {
            const std::string text = fmt::format("{}", value);
            return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
          }};
}

Reader<Milliseconds> Duration(limits::Range<std::int64_t> range_ms) {
  return {fmt::format(R"(a duration from {} to {}, like "300ms", "5m" (units ms, s, m, h, d))",
                      FormatDurationMs(range_ms.min), FormatDurationMs(range_ms.max)),
          [range_ms](const RawValue& raw) -> Result<Milliseconds> {
            const auto value = WithUnit(raw, &ParseDurationMs);
            if (!value || !IsWithin(*value, range_ms)) return Fail("");
            return Milliseconds(*value);
          },
          [](const Milliseconds& value) { return ShowText(FormatDurationMs(value.count())); }};
}

Reader<std::int64_t> Size(limits::Range<std::int64_t> range_bytes) {
  return {fmt::format(R"(a size from {} to {}, like "64MiB" (units KiB, MiB, GiB))",
                      FormatSizeBytes(range_bytes.min), FormatSizeBytes(range_bytes.max)),
          [range_bytes](const RawValue& raw) -> Result<std::int64_t> {
            const auto value = WithUnit(raw, &ParseSizeBytes);
            if (!value || !IsWithin(*value, range_bytes)) return Fail("");
            return *value;
          },
          [](const std::int64_t& value) { return ShowText(FormatSizeBytes(value)); }};
}

Result<std::string> ReadText(const RawValue& raw, std::size_t max_bytes) {
  const std::string* text = std::get_if<std::string>(&raw.content);
  if (const auto* plain = std::get_if<RawText>(&raw.content)) text = &plain->text;
  if (text == nullptr) return Fail("");
  if (text->size() > max_bytes) return Fail(fmt::format("it has {} bytes", text->size()));
  if (!IsUtf8(*text)) return Fail("it is not UTF-8");
  if (HasControlCharacter(*text)) return Fail("it holds a control character");
  return *text;
}

Reader<std::string> Text(std::size_t min_bytes, std::size_t max_bytes) {
  return {fmt::format("a text of {} to {} bytes", min_bytes, max_bytes),
          [min_bytes, max_bytes](const RawValue& raw) -> Result<std::string> {
            auto text = ReadText(raw, max_bytes);
            if (text && text->size() < min_bytes) return Fail("");
            return text;
          },
          &ShowText};
}

Reader<std::string> TextThat(std::size_t max_bytes, std::string allowed,
                             std::function<Result<void>(const std::string&)> check) {
  return {std::move(allowed),
          [max_bytes, check = std::move(check)](const RawValue& raw) -> Result<std::string> {
            auto text = ReadText(raw, max_bytes);
            if (!text) return text;
            if (const auto checked = check(*text); !checked)
              return Unexpected<Error>(checked.error());
            return text;
          },
          &ShowText};
}

Reader<std::vector<std::string>> Texts(limits::Range<std::size_t> items, Reader<std::string> item) {
  std::string allowed = fmt::format("a list of {} to {} different items, each {}", items.min,
                                    items.max, item.allowed);
  const auto read =
      [items, item = std::move(item)](const RawValue& raw) -> Result<std::vector<std::string>> {
    const auto* array = std::get_if<RawArray>(&raw.content);
    if (array == nullptr) return Fail("");
    if (!IsWithin(array->size(), items)) return Fail(fmt::format("it has {} items", array->size()));
    std::vector<std::string> texts;
    std::set<std::string> seen;
    for (const RawValue& value : *array) {
      const auto text = item.read(value);
      const size_t number = texts.size() + 1;
      if (!text) return Fail(fmt::format("item {} is {}", number, DescribeRaw(value)));
      if (!seen.insert(*text).second) return Fail(fmt::format("item {} is there twice", number));
      texts.push_back(*text);
    }
    return texts;
  };
  return {std::move(allowed), read, &ShowTexts};
}

std::string ShowText(const std::string& text) {
  return JsonString(text);
}

std::string ShowTexts(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + ShowText(text);
  return "[" + list + "]";
}

std::string DescribeRaw(const RawValue& raw) {
  struct Describer {
    std::string operator()(const RawText& text) const { return (*this)(text.text); }
    std::string operator()(const std::string& text) const {
      return JsonString(DisplayText(text, limits::kShownValueBytes));
    }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(const RawDate&) const { return "a date or time"; }
    std::string operator()(const RawArray&) const { return "a list"; }
    std::string operator()(const RawTable&) const { return "a section"; }
  };
  return raw.from_secret_file ? "what the file holds" : std::visit(Describer(), raw.content);
}

}  // namespace deadletter
