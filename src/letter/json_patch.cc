#include "letter/json_patch.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <initializer_list>

#include "letter/json_reader.h"
#include "letter/json_text.h"

namespace deadletter {
namespace {

namespace json = boost::json;

constexpr std::array kVerbs = {PatchVerb::kAdd,  PatchVerb::kRemove, PatchVerb::kReplace,
                               PatchVerb::kMove, PatchVerb::kCopy,   PatchVerb::kTest};
constexpr std::size_t kMaxComparedDepth = 500;

bool NeedsValue(PatchVerb verb) {
  return verb == PatchVerb::kAdd || verb == PatchVerb::kReplace || verb == PatchVerb::kTest;
}

bool NeedsFrom(PatchVerb verb) {
  return verb == PatchVerb::kMove || verb == PatchVerb::kCopy;
}

// ---- reading a patch

Result<JsonPointer> ReadPointer(const std::string& raw) {
  if (!raw.starts_with('"')) return Fail("must be a string");
  const JsonText text = UnescapeJson(raw);
  if (text.lone_surrogate) return Fail("must be UTF-8 text");
  return JsonPointer::Parse(text.text);
}

Result<PatchOperation> ReadOperation(std::string_view raw) {
  const auto reading = JsonReader({{{"op"}}, {{"path"}}, {{"from"}}, {{"value"}}}).Read(raw);
  if (!reading || reading->root != JsonKind::kObject) return Fail("must be an object");
  const auto member = [&](std::size_t index) -> std::optional<std::string> {
    const auto& value = reading->values[index];
    return value ? std::optional(std::string(value->raw)) : std::nullopt;
  };
  PatchOperation operation;
  const auto op = member(0);
  const auto verb = std::ranges::find_if(kVerbs, [&](PatchVerb each) {
    return op && *op == '"' + std::string(PatchVerbName(each)) + '"';
  });
  if (verb == kVerbs.end()) return Fail("op must be add, remove, replace, move, copy or test");
  operation.verb = *verb;
  const auto path = member(1);
  if (!path) return Fail("has no path");
  auto pointer = ReadPointer(*path);
  if (!pointer) return Fail("path: " + pointer.error().message);
  operation.path = std::move(*pointer);
  if (NeedsFrom(*verb)) {
    const auto from = member(2);
    if (!from) return Fail("has no from");
    auto source = ReadPointer(*from);
    if (!source) return Fail("from: " + source.error().message);
    operation.from = std::move(*source);
  }
  if (NeedsValue(*verb)) {
    auto value = member(3);
    if (!value) return Fail("has no value");
    operation.value = std::move(*value);
  }
  return operation;
}

// ---- finding places in a text

// Where a value stands in the text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  JsonKind kind = JsonKind::kNull;
};

std::optional<Span> Find(const std::string& text, const JsonPointer& pointer) {
  const auto reading = JsonReader({pointer}).Read(text);
  if (!reading || !reading->values.front()) return std::nullopt;
  const JsonValue& value = *reading->values.front();
  const auto begin = static_cast<std::size_t>(value.raw.data() - text.data());
  return Span{begin, begin + value.raw.size(), value.kind};
}

JsonPointer ParentOf(const JsonPointer& pointer) {
  JsonPointer parent = pointer;
  parent.tokens.pop_back();
  return parent;
}

bool IsSpace(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::size_t After(const std::string& text, std::size_t at) {
  while (at < text.size() && IsSpace(text[at])) ++at;
  return at;
}

// The first of the spaces that end before `at`.
std::size_t Before(const std::string& text, std::size_t at) {
  while (at > 0 && IsSpace(text[at - 1])) --at;
  return at;
}

// Where the key begins whose value begins at `value`. Within a key every quote is escaped.
std::size_t KeyBegin(const std::string& text, std::size_t value) {
  std::size_t at = Before(text, value) - 1;  // the colon
  at = Before(text, at) - 1;                 // the closing quote
  while (true) {
    at = text.rfind('"', at - 1);
    std::size_t backslashes = 0;
    while (text[at - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return at;
  }
}

bool StartsWith(const JsonPointer& pointer, const JsonPointer& prefix) {
  return pointer.tokens.size() >= prefix.tokens.size() &&
         std::equal(prefix.tokens.begin(), prefix.tokens.end(), pointer.tokens.begin());
}

Unexpected<Error> NothingAt(const JsonPointer& pointer) {
  return Fail("there is nothing at '" + FormatPointer(pointer) + "'");
}

// ---- the operations

// Puts `parts` in place of `erased` bytes.
Result<void> Splice(std::size_t at, std::size_t erased,
                    std::initializer_list<std::string_view> parts, std::size_t max_bytes,
                    std::string& text) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  if (size > erased && text.size() - erased + size > max_bytes)
    return Fail("the body would have more than " + std::to_string(max_bytes) + " bytes");
  std::string put;
  put.reserve(size);
  for (const std::string_view part : parts) put += part;
  text.replace(at, erased, put);
  return {};
}

Result<void> Remove(const JsonPointer& path, std::string& text) {
  if (path.tokens.empty()) return Fail("the whole body cannot be removed");
  auto span = Find(text, path);
  if (!span) return NothingAt(path);
  const bool is_member = Find(text, ParentOf(path))->kind == JsonKind::kObject;
  do {
    std::size_t begin = is_member ? KeyBegin(text, span->begin) : span->begin;
    std::size_t end = After(text, span->end);
    if (text[end] == ',') {
      end = After(text, end + 1);
    } else if (const std::size_t before = Before(text, begin); text[before - 1] == ',') {
      begin = before - 1;
      end = span->end;
    } else {
      end = span->end;
    }
    text.erase(begin, end - begin);
    span = is_member ? Find(text, path) : std::nullopt;  // an earlier one of the same name
  } while (span);
  return {};
}

// Before the bracket that closes `parent`.
Result<void> Append(const Span& parent, std::string_view key, std::string_view value,
                    std::size_t max_bytes, std::string& text) {
  const bool is_empty = After(text, parent.begin + 1) == parent.end - 1;
  return Splice(is_empty ? parent.begin + 1 : Before(text, parent.end - 1), 0,
                {is_empty ? "" : ",", key, value}, max_bytes, text);
}

Result<void> AddToArray(const JsonPointer& path, const Span& parent, const std::string& value,
                        std::size_t max_bytes, std::string& text) {
  const std::string& token = path.tokens.back();
  if (token != "-") {
    if (const auto present = Find(text, path))
      return Splice(present->begin, 0, {value, ","}, max_bytes, text);
    const bool is_index = !token.empty() && token.size() < 10 &&
                          std::ranges::all_of(
                              token, [](char c) { return c >= '0' && c <= '9'; }) &&
                          (token == "0" || token.front() != '0');
    bool follows = token == "0";
    if (is_index && !follows) {
      JsonPointer last = ParentOf(path);
      last.tokens.push_back(std::to_string(std::stoul(token) - 1));
      follows = Find(text, last).has_value();
    }
    if (!is_index || !follows)
      return Fail("'" + FormatPointer(path) + "' is no place in that array");
  }
  return Append(parent, "", value, max_bytes, text);
}

Result<void> Add(const JsonPointer& path, const std::string& value, std::size_t max_bytes,
                 std::string& text) {
  if (path.tokens.empty()) return Splice(0, text.size(), {value}, max_bytes, text);
  const auto parent = Find(text, ParentOf(path));
  if (!parent) return NothingAt(ParentOf(path));
  if (parent->kind == JsonKind::kArray) return AddToArray(path, *parent, value, max_bytes, text);
  if (parent->kind != JsonKind::kObject)
    return Fail("what is at '" + FormatPointer(ParentOf(path)) + "' holds nothing");
  if (const auto present = Find(text, path)) {
    return Splice(present->begin, present->end - present->begin, {value}, max_bytes, text);
  }
  return Append(*parent, json::serialize(json::string(path.tokens.back())) + ":", value, max_bytes,
                text);
}

Result<void> Replace(const JsonPointer& path, const std::string& value, std::size_t max_bytes,
                     std::string& text) {
  const auto span = Find(text, path);
  if (!span) return NothingAt(path);
  return Splice(span->begin, span->end - span->begin, {value}, max_bytes, text);
}

Result<void> Transfer(const PatchOperation& operation, std::size_t max_bytes, std::string& text) {
  const bool moves = operation.verb == PatchVerb::kMove;
  const auto span = Find(text, *operation.from);
  if (!span) return NothingAt(*operation.from);
  const std::string value = text.substr(span->begin, span->end - span->begin);
  if (!moves) return Add(operation.path, value, max_bytes, text);
  if (*operation.from == operation.path) return {};
  if (StartsWith(operation.path, *operation.from))
    return Fail("'" + FormatPointer(*operation.from) + "' cannot be moved into itself");
  if (auto removed = Remove(*operation.from, text); !removed) return removed;
  return Add(operation.path, value, max_bytes, text);
}

bool IsSame(const json::value& one, const json::value& other) {
  if (one.is_number() && other.is_number() && (one.is_double() || other.is_double()))
    return one.to_number<double>() == other.to_number<double>();
  if (one.is_array() && other.is_array())
    return std::ranges::equal(one.get_array(), other.get_array(), IsSame);
  if (one.is_object() && other.is_object()) {
    return one.get_object().size() == other.get_object().size() &&
           std::ranges::all_of(one.get_object(), [&](const auto& member) {
             const json::value* match = other.get_object().if_contains(member.key());
             return match != nullptr && IsSame(member.value(), *match);
           });
  }
  return one == other;
}

Result<void> Test(const PatchOperation& operation, const std::string& text) {
  const auto span = Find(text, operation.path);
  if (!span) return NothingAt(operation.path);
  json::parse_options options;
  options.max_depth = kMaxComparedDepth;
  json::error_code error;
  const json::value is = json::parse(
      std::string_view(text).substr(span->begin, span->end - span->begin), error, {}, options);
  if (error) return Fail("what is at '" + FormatPointer(operation.path) + "' cannot be compared");
  const json::value wanted = json::parse(operation.value, error, {}, options);
  if (error || !IsSame(is, wanted))
    return Fail("what is at '" + FormatPointer(operation.path) + "' is not what the test wants");
  return {};
}

Result<void> Apply(const PatchOperation& operation, std::size_t max_bytes, std::string& text) {
  switch (operation.verb) {
    case PatchVerb::kAdd:
      return Add(operation.path, operation.value, max_bytes, text);
    case PatchVerb::kRemove:
      return Remove(operation.path, text);
    case PatchVerb::kReplace:
      return Replace(operation.path, operation.value, max_bytes, text);
    case PatchVerb::kMove:
    case PatchVerb::kCopy:
      return Transfer(operation, max_bytes, text);
    case PatchVerb::kTest:
      return Test(operation, text);
  }
  return {};
}

}  // namespace

std::string_view PatchVerbName(PatchVerb verb) {
  switch (verb) {
    case PatchVerb::kAdd:
      return "add";
    case PatchVerb::kRemove:
      return "remove";
    case PatchVerb::kReplace:
      return "replace";
    case PatchVerb::kMove:
      return "move";
    case PatchVerb::kCopy:
      return "copy";
    case PatchVerb::kTest:
      return "test";
  }
  return "";
}

std::optional<std::string_view> JsonAt(std::string_view text, const JsonPointer& pointer) {
  const auto reading = JsonReader({pointer}).Read(text);
  if (!reading || !reading->values.front()) return std::nullopt;
  return reading->values.front()->raw;
}

std::string FormatPointer(const JsonPointer& pointer) {
  std::string text;
  for (const std::string& token : pointer.tokens) {
    text += '/';
    for (const char c : token) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return text;
}

Result<std::vector<PatchOperation>> ParseJsonPatch(std::string_view text) {
  const std::string wanted =
      "must be a JSON Patch: an array of 1 to " + std::to_string(kMaxPatchOperations) +
      " operations like {\"op\":\"replace\",\"path\":\"/payload/x\",\"value\":1}";
  std::vector<JsonPointer> places;
  for (std::size_t index = 0; index <= kMaxPatchOperations; ++index)
    places.push_back({{std::to_string(index)}});
  const auto reading = JsonReader(places).Read(text);
  if (!reading || reading->root != JsonKind::kArray || !reading->values.front() ||
      reading->values.back())
    return Fail(wanted);
  std::vector<PatchOperation> operations;
  for (const auto& value : reading->values) {
    if (!value) break;
    auto operation = ReadOperation(value->raw);
    if (!operation) {
      return Fail("operation " + std::to_string(operations.size()) + " " +
                  operation.error().message);
    }
    operations.push_back(std::move(*operation));
  }
  return operations;
}

Result<void> ApplyOperation(const PatchOperation& operation, std::size_t max_bytes,
                            std::string& text) {
  if (operation.verb == PatchVerb::kTest) return Test(operation, text);
  std::string edited = text;
  if (auto applied = Apply(operation, max_bytes, edited); !applied) return applied;
  text = std::move(edited);
  return {};
}

}  // namespace deadletter
