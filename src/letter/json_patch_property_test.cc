// What holds for a patch of any text at all: it does what it would do to the parsed values, and
// what comes of it is JSON.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "letter/json_patch.h"

namespace deadletter {
namespace {

using namespace std::string_literals;
namespace json = boost::json;

rc::Gen<std::string> Space() {
  return rc::gen::element(""s, ""s, " "s, "\n\t"s);
}

// Few, so that places are met; some that need care.
rc::Gen<std::string> Key() {
  return rc::gen::element("a"s, "b"s, "\""s, "\\"s, "a/b~c"s, ""s, "0"s, "1"s);
}

// A value written with space here and there; no key twice in an object, since parsed values have
// none.
std::string AnyText(int levels) {
  const int kind = *rc::gen::inRange(levels > 0 ? 0 : 2, 7);
  if (kind == 0) {
    std::string text = "[" + *Space();
    const int size = *rc::gen::inRange(0, 3);
    for (int at = 0; at < size; ++at)
      text += (at == 0 ? "" : "," + *Space()) + AnyText(levels - 1) + *Space();
    return text + "]";
  }
  if (kind == 1) {
    std::string text = "{" + *Space();
    std::set<std::string> keys;
    const int size = *rc::gen::inRange(0, 4);
    for (int at = 0; at < size; ++at) {
      const std::string key = *Key();
      if (!keys.insert(key).second) continue;
      text += (keys.size() == 1 ? "" : "," + *Space()) + json::serialize(json::string(key)) +
              *Space() + ":" + *Space() + AnyText(levels - 1) + *Space();
    }
    return text + "}";
  }
  return *rc::gen::element("1"s, "-2.50"s, "true"s, "null"s, "\"\\\"x\\u0041\""s, "\"]},\""s);
}

JsonPointer AnyPlace() {
  JsonPointer place;
  const int size = *rc::gen::inRange(0, 3);
  for (int at = 0; at < size; ++at)
    place.tokens.push_back(*rc::gen::oneOf(Key(), rc::gen::element("-"s, "2"s, "01"s)));
  return place;
}

PatchOperation AnyOperation() {
  PatchOperation operation;
  operation.verb = *rc::gen::element(PatchVerb::kAdd, PatchVerb::kRemove, PatchVerb::kReplace,
                                     PatchVerb::kMove, PatchVerb::kCopy, PatchVerb::kTest);
  operation.path = AnyPlace();
  if (operation.verb == PatchVerb::kMove || operation.verb == PatchVerb::kCopy)
    operation.from = AnyPlace();
  operation.value = AnyText(1);
  return operation;
}

// ---- the same over parsed values; false: it cannot be done

std::optional<std::size_t> IndexOf(const std::string& token, std::size_t most) {
  for (std::size_t index = 0; index <= most; ++index) {
    if (token == std::to_string(index)) return index;
  }
  return std::nullopt;
}

json::value* At(json::value& root, const std::vector<std::string>& tokens) {
  json::value* at = &root;
  for (const std::string& token : tokens) {
    if (at->is_object()) {
      at = at->get_object().if_contains(token);
    } else if (at->is_array() && !at->get_array().empty()) {
      const auto index = IndexOf(token, at->get_array().size() - 1);
      at = index ? &at->get_array()[*index] : nullptr;
    } else {
      at = nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

bool Put(json::value& root, std::vector<std::string> tokens, json::value value) {
  if (tokens.empty()) {
    root = std::move(value);
    return true;
  }
  const std::string last = tokens.back();
  tokens.pop_back();
  json::value* parent = At(root, tokens);
  if (parent == nullptr) return false;
  if (parent->is_object()) {
    parent->get_object()[last] = std::move(value);
    return true;
  }
  if (!parent->is_array()) return false;
  json::array& array = parent->get_array();
  const auto index = last == "-" ? std::optional(array.size()) : IndexOf(last, array.size());
  if (!index) return false;
  array.insert(array.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  return true;
}

bool TakeOut(json::value& root, std::vector<std::string> tokens) {
  if (tokens.empty() || At(root, tokens) == nullptr) return false;
  const std::string last = tokens.back();
  tokens.pop_back();
  json::value& parent = *At(root, tokens);
  if (parent.is_object()) {
    parent.get_object().erase(last);
  } else {
    json::array& array = parent.get_array();
    array.erase(array.begin() + static_cast<std::ptrdiff_t>(*IndexOf(last, array.size())));
  }
  return true;
}

bool Model(const PatchOperation& operation, json::value& root) {
  const auto& path = operation.path.tokens;
  json::value* const present = At(root, path);
  switch (operation.verb) {
    case PatchVerb::kAdd:
      return Put(root, path, json::parse(operation.value));
    case PatchVerb::kRemove:
      return TakeOut(root, path);
    case PatchVerb::kReplace:
      if (present == nullptr) return false;
      *present = json::parse(operation.value);
      return true;
    case PatchVerb::kTest:
      return present != nullptr && *present == json::parse(operation.value);
    case PatchVerb::kMove:
    case PatchVerb::kCopy:
      break;
  }
  const auto& from = operation.from->tokens;
  const json::value* const source = At(root, from);
  if (source == nullptr) return false;
  const json::value value = *source;
  if (operation.verb == PatchVerb::kCopy) return Put(root, path, value);
  if (from == path) return true;
  const bool into_itself =
      path.size() > from.size() && std::equal(from.begin(), from.end(), path.begin());
  return !into_itself && TakeOut(root, from) && Put(root, path, value);
}

RC_GTEST_PROP(JsonPatchProperty, DoesToTheTextWhatItWouldDoToTheValues, ()) {
  std::string text = AnyText(3);
  json::value values = json::parse(text);
  const PatchOperation operation = AnyOperation();
  const std::string before = text;
  const auto applied = ApplyOperation(operation, 1 << 20, text);
  RC_LOG() << PatchVerbName(operation.verb) << " " << FormatPointer(operation.path) << " "
           << operation.value << "\n"
           << before << "\n"
           << text;
  json::value expected = values;
  RC_ASSERT(applied.has_value() == Model(operation, expected));
  json::error_code error;
  const json::value patched = json::parse(text, error);
  RC_ASSERT(!error);
  RC_ASSERT(patched == (applied ? expected : values));
  if (!applied) RC_ASSERT(text == before);
}

}  // namespace
}  // namespace deadletter
