#include "operations/json_writer.h"

#include <boost/json/basic_parser_impl.hpp>

#include "base/rfc3339.h"
#include "base/text.h"

namespace deadletter {
namespace {

// Looks at everything and keeps nothing.
struct Validator {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_object_end(std::size_t, Error&) { return true; }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(Text, std::size_t, Error&) { return true; }
  bool on_key(Text, std::size_t, Error&) { return true; }
  bool on_string_part(Text, std::size_t, Error&) { return true; }
  bool on_string(Text, std::size_t, Error&) { return true; }
  bool on_number_part(Text, Error&) { return true; }
  bool on_int64(std::int64_t, Text, Error&) { return true; }
  bool on_uint64(std::uint64_t, Text, Error&) { return true; }
  bool on_double(double, Text, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }
};

bool IsJson(std::string_view text, std::size_t max_depth) {
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::json::basic_parser<Validator> parser(options);
  boost::json::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  return !error && parser.done() && read == text.size();
}

std::string WithoutSpace(std::string_view json) {
  std::string compact;
  compact.reserve(json.size());
  bool in_string = false;
  for (std::size_t index = 0; index < json.size(); ++index) {
    const char c = json[index];
    if (in_string) {
      compact += c;
      if (c == '\\') compact += json[++index];
      if (c == '"') in_string = false;
    } else if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      compact += c;
      in_string = c == '"';
    }
  }
  return compact;
}

void AddSeparator(std::string& text) {
  if (text.size() > 1) text += ',';
}

}  // namespace

JsonObject& JsonObject::Add(std::string_view name, std::string_view json) {
  AddSeparator(text_);
  text_.append("\"").append(name).append("\":").append(json);
  return *this;
}

std::string JsonObject::Take() {
  text_ += '}';
  return std::move(text_);
}

JsonArray& JsonArray::Add(std::string_view json) {
  AddSeparator(text_);
  text_ += json;
  return *this;
}

std::string JsonArray::Take() {
  text_ += ']';
  return std::move(text_);
}

std::string JsonDisplay(std::string_view bytes, std::size_t max_bytes) {
  return JsonString(DisplayText(bytes, max_bytes));
}

std::string TextJson(std::string_view bytes) {
  return JsonDisplay(bytes, kMaxTextBytes);
}

std::string TextOrNull(const std::optional<std::string>& bytes) {
  return bytes ? TextJson(*bytes) : std::string(kJsonNull);
}

std::string KnownTextJson(std::string_view bytes) {
  return bytes.empty() ? std::string(kJsonNull) : TextJson(bytes);
}

std::string TimeJson(Instant instant) {
  return JsonString(FormatRfc3339(instant));
}

std::string TimeJson(const std::optional<Instant>& instant) {
  return instant ? TimeJson(*instant) : std::string(kJsonNull);
}

std::string FlagJson(bool flag) {
  return flag ? "true" : "false";
}

std::optional<std::string> CompactJson(std::string_view json, std::size_t max_depth) {
  if (!IsJson(json, max_depth)) return std::nullopt;
  return WithoutSpace(json);
}

}  // namespace deadletter
