#include "cli/json_slice.h"

namespace deadletter::cli {
namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

void SkipSpace(std::string_view text, std::size_t& at) {
  while (at < text.size() && IsSpace(text[at])) ++at;
}

// `at` is on the opening quote; ends behind the closing one.
void SkipString(std::string_view text, std::size_t& at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  ++at;
}

// Ends behind the value, whatever its depth.
void SkipValue(std::string_view text, std::size_t& at) {
  std::size_t depth = 0;
  do {
    const char c = text[at];
    if (c == '"') {
      SkipString(text, at);
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return;
      --depth;
      ++at;
    } else {
      if (depth == 0 && (c == ',' || IsSpace(c))) return;
      ++at;
    }
    if (depth == 0 && (c == '"' || c == '}' || c == ']')) return;
  } while (at < text.size());
}

// Writes a value as it reads it.
class Printer {
 public:
  explicit Printer(std::string_view json) : json_(json) {}

  std::string Print() {
    while (at_ < json_.size()) PrintNext();
    return std::move(text_);
  }

 private:
  void PrintNext() {
    const char c = json_[at_];
    if (c == '"') {
      const std::size_t begin = at_;
      SkipString(json_, at_);
      text_ += json_.substr(begin, at_ - begin);
      return;
    }
    ++at_;
    if (c == '{' || c == '[') return Open(c);
    if (c == '}' || c == ']') return Close(c);
    if (!IsSpace(c)) text_ += c;
    if (c == ':') text_ += ' ';
    if (c == ',') NewLine();
  }

  void Open(char bracket) {
    text_ += bracket;
    SkipSpace(json_, at_);
    if (at_ < json_.size() && (json_[at_] == '}' || json_[at_] == ']')) {
      text_ += json_[at_++];
      return;
    }
    ++depth_;
    NewLine();
  }

  void Close(char bracket) {
    --depth_;
    NewLine();
    text_ += bracket;
  }

  void NewLine() { text_.append("\n").append(depth_ * 2, ' '); }

  std::string_view json_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::string text_;
};

}  // namespace

std::optional<std::string_view> FindMember(std::string_view object, std::string_view name) {
  std::size_t at = object.find('{') + 1;
  while (at != 0 && at < object.size()) {
    SkipSpace(object, at);
    if (at >= object.size() || object[at] != '"') return std::nullopt;
    const std::size_t name_begin = at + 1;
    SkipString(object, at);
    const std::string_view found = object.substr(name_begin, at - name_begin - 1);
    SkipSpace(object, at);
    ++at;  // the colon
    SkipSpace(object, at);
    const std::size_t value_begin = at;
    SkipValue(object, at);
    if (found == name) return object.substr(value_begin, at - value_begin);
    SkipSpace(object, at);
    ++at;  // the comma, or the end
  }
  return std::nullopt;
}

std::string PrettyJson(std::string_view json) {
  return Printer(json).Print();
}

}  // namespace deadletter::cli
