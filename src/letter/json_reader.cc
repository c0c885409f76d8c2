#include "letter/json_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/text.h"
#include "letter/json_text.h"

namespace deadletter {
namespace {

constexpr std::size_t kNoNode = SIZE_MAX;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<std::uint64_t> ArrayIndex(std::string_view token) {
  if (token.empty() || (token.front() == '0' && token.size() > 1)) return std::nullopt;
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return index;
}

// Whether a character of a string needs a look: it ends the string, escapes, must not be there or
// is not ASCII.
bool NeedsLook(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The high bit of each byte of the word that NeedsLook. Exact up to the first such byte in memory
// order on a little-endian machine: a borrow reaches only the bytes above it.
std::uint64_t NeedLook(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  const std::uint64_t quote = word ^ (kOnes * '"');
  const std::uint64_t backslash = word ^ (kOnes * '\\');
  return (((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) |
          ((backslash - kOnes) & ~backslash) | word) &
         kHighBits;
}

const char* SkipPlain(const char* at, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    while (end - at >= 8) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof(word));
      if (const std::uint64_t found = NeedLook(word)) return at + std::countr_zero(found) / 8;
      at += 8;
    }
  }
  while (at != end && !NeedsLook(*at)) ++at;
  return at;
}

// One bit a level of nesting: whether that level is an array. The first 64 levels need no memory.
class Nesting {
 public:
  [[nodiscard]] std::size_t depth() const { return depth_; }
  [[nodiscard]] bool InArray() const { return (word_ & 1) != 0; }

  void Push(bool array) {
    if (depth_ != 0 && depth_ % 64 == 0) full_.push_back(word_);
    word_ = word_ << 1 | (array ? 1 : 0);
    ++depth_;
  }

  void Pop() {
    word_ >>= 1;
    --depth_;
    if (depth_ != 0 && depth_ % 64 == 0) {
      word_ = full_.back();
      full_.pop_back();
    }
  }

 private:
  std::uint64_t word_ = 0;
  std::size_t depth_ = 0;
  std::vector<std::uint64_t> full_;
};

}  // namespace

// One pass over one text.
class JsonScan {
 public:
  JsonScan(const JsonReader& reader, std::string_view text)
      : nodes_(reader.nodes_), at_(text.data()), end_(text.data() + text.size()) {
    reading_.values.resize(reader.place_count_);
    open_.reserve(reader.max_depth_ + 1);
  }

  [[nodiscard]] std::optional<JsonReading> Run() {
    while (SkipSpace()) {
      if (!Step()) return std::nullopt;
    }
    if (expected_ != Expected::kNoMore) return std::nullopt;
    return std::move(reading_);
  }

 private:
  enum class Expected { kValue, kElementOrEnd, kKey, kKeyOrEnd, kCommaOrEnd, kNoMore };

  // A container on the way to a place. While all that are open are of this sort, the innermost
  // one's keys matter.
  struct Open {
    std::size_t node;
    const char* start;
    std::uint64_t index;  // of the present element, in an array
  };

  [[nodiscard]] bool SkipSpace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
    return at_ != end_;
  }

  [[nodiscard]] bool Step() {
    switch (expected_) {
      case Expected::kElementOrEnd:
        return *at_ == ']' ? Close() : TakeValue();
      case Expected::kValue:
        return TakeValue();
      case Expected::kKeyOrEnd:
        return *at_ == '}' ? Close() : TakeKey();
      case Expected::kKey:
        return TakeKey();
      case Expected::kCommaOrEnd:
        return TakeCommaOrEnd();
      case Expected::kNoMore:
        return false;
    }
    return false;
  }

  [[nodiscard]] bool TakeValue() {
    const char* const start = at_;
    if (node_ != kNoNode) Forget(node_);
    switch (*at_) {
      case '{':
        return OpenContainer(false);
      case '[':
        return OpenContainer(true);
      case '"':
        return TakeString() && EndScalar(JsonKind::kString, start);
      case 't':
        return TakeWord("true") && EndScalar(JsonKind::kTrue, start);
      case 'f':
        return TakeWord("false") && EndScalar(JsonKind::kFalse, start);
      case 'n':
        return TakeWord("null") && EndScalar(JsonKind::kNull, start);
      default:
        return TakeNumber() && EndScalar(JsonKind::kNumber, start);
    }
  }

  [[nodiscard]] bool OpenContainer(bool array) {
    const bool followed = node_ != kNoNode;
    if (nesting_.depth() == 0) reading_.root = array ? JsonKind::kArray : JsonKind::kObject;
    if (followed) open_.push_back({node_, at_, 0});
    nesting_.Push(array);
    ++at_;
    node_ = followed && array ? ElementNode() : kNoNode;
    expected_ = array ? Expected::kElementOrEnd : Expected::kKeyOrEnd;
    return true;
  }

  [[nodiscard]] bool Close() {
    const bool array = nesting_.InArray();
    const bool followed = IsFollowed();
    nesting_.Pop();
    ++at_;
    if (followed) {
      const Open closed = open_.back();
      open_.pop_back();
      Keep(closed.node, array ? JsonKind::kArray : JsonKind::kObject, closed.start);
    }
    EndValue();
    return true;
  }

  [[nodiscard]] bool TakeCommaOrEnd() {
    const bool array = nesting_.InArray();
    if (*at_ == (array ? ']' : '}')) return Close();
    if (*at_ != ',') return false;
    ++at_;
    if (array) {
      node_ = kNoNode;
      if (IsFollowed()) {
        ++open_.back().index;
        node_ = ElementNode();
      }
    }
    expected_ = array ? Expected::kValue : Expected::kKey;
    return true;
  }

  [[nodiscard]] bool TakeKey() {
    const char* const start = at_;
    if (*at_ != '"' || !TakeString()) return false;
    const std::string_view raw(start, static_cast<std::size_t>(at_ - start));
    node_ = IsFollowed() ? MemberNode(raw) : kNoNode;
    if (!SkipSpace() || *at_ != ':') return false;
    ++at_;
    expected_ = Expected::kValue;
    return true;
  }

  [[nodiscard]] bool TakeString() {
    ++at_;
    for (;;) {
      at_ = SkipPlain(at_, end_);
      if (at_ == end_) return false;
      if (*at_ == '"') {
        ++at_;
        return true;
      }
      if (*at_ == '\\') {
        if (!TakeEscape()) return false;
      } else if (!TakeBeyondAscii()) {
        return false;
      }
    }
  }

  [[nodiscard]] bool TakeEscape() {
    ++at_;
    if (at_ == end_) return false;
    const char kind = *at_++;
    if (kind != 'u') return std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos;
    if (end_ - at_ < 4) return false;
    for (const char* const last = at_ + 4; at_ != last; ++at_) {
      if (!IsDigit(*at_) && !(*at_ >= 'a' && *at_ <= 'f') && !(*at_ >= 'A' && *at_ <= 'F'))
        return false;
    }
    return true;
  }

  // Also meets the control characters, which a string must not hold.
  [[nodiscard]] bool TakeBeyondAscii() {
    if (static_cast<unsigned char>(*at_) < 0x20) return false;
    const std::size_t length = Utf8CharacterLength({at_, static_cast<std::size_t>(end_ - at_)});
    at_ += length;
    return length != 0;
  }

  [[nodiscard]] bool TakeNumber() {
    if (*at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0') {
      ++at_;
    } else if (!TakeDigits()) {
      return false;
    }
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!TakeDigits()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!TakeDigits()) return false;
    }
    return true;
  }

  [[nodiscard]] bool TakeDigits() {
    const char* const start = at_;
    while (at_ != end_ && IsDigit(*at_)) ++at_;
    return at_ != start;
  }

  [[nodiscard]] bool TakeWord(std::string_view word) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word))
      return false;
    at_ += word.size();
    return true;
  }

  [[nodiscard]] bool EndScalar(JsonKind kind, const char* start) {
    if (nesting_.depth() == 0) reading_.root = kind;
    if (node_ != kNoNode) Keep(node_, kind, start);
    EndValue();
    return true;
  }

  void EndValue() { expected_ = nesting_.depth() == 0 ? Expected::kNoMore : Expected::kCommaOrEnd; }

  [[nodiscard]] bool IsFollowed() const { return open_.size() == nesting_.depth(); }

  // A value that comes again hides all that the one before it held.
  void Forget(std::size_t node) {
    for (const std::size_t place : nodes_[node].below) reading_.values[place].reset();
  }

  void Keep(std::size_t node, JsonKind kind, const char* start) {
    const std::string_view raw(start, static_cast<std::size_t>(at_ - start));
    for (const std::size_t place : nodes_[node].places)
      reading_.values[place] = JsonValue{kind, raw};
  }

  [[nodiscard]] std::size_t ElementNode() const {
    for (const std::size_t child : nodes_[open_.back().node].children) {
      if (nodes_[child].index == open_.back().index) return child;
    }
    return kNoNode;
  }

  [[nodiscard]] std::size_t MemberNode(std::string_view raw) const {
    const auto& children = nodes_[open_.back().node].children;
    if (children.empty()) return kNoNode;
    const std::string_view quoted = raw.substr(1, raw.size() - 2);
    if (quoted.find('\\') == std::string_view::npos) return FindChild(children, quoted);
    const JsonText key = UnescapeJson(raw);
    return key.lone_surrogate ? kNoNode : FindChild(children, key.text);
  }

  [[nodiscard]] std::size_t FindChild(const std::vector<std::size_t>& children,
                                      std::string_view key) const {
    for (const std::size_t child : children) {
      if (nodes_[child].token == key) return child;
    }
    return kNoNode;
  }

  const std::vector<JsonReader::Node>& nodes_;
  const char* at_;
  const char* end_;
  Expected expected_ = Expected::kValue;
  std::size_t node_ = 0;  // of the value that comes next
  Nesting nesting_;
  std::vector<Open> open_;
  JsonReading reading_;
};

JsonReader::JsonReader(const std::vector<JsonPointer>& places)
    : nodes_(1), place_count_(places.size()) {
  for (std::size_t place = 0; place < places.size(); ++place) AddPlace(places[place], place);
}

void JsonReader::AddPlace(const JsonPointer& pointer, std::size_t place) {
  std::size_t node = 0;
  for (const std::string& token : pointer.tokens) {
    nodes_[node].below.push_back(place);
    node = ChildOf(node, token);
  }
  nodes_[node].places.push_back(place);
  max_depth_ = std::max(max_depth_, pointer.tokens.size());
}

std::size_t JsonReader::ChildOf(std::size_t node, const std::string& token) {
  for (const std::size_t child : nodes_[node].children) {
    if (nodes_[child].token == token) return child;
  }
  const std::size_t child = nodes_.size();
  nodes_.push_back({token, ArrayIndex(token), {}, {}, {}});
  nodes_[node].children.push_back(child);
  return child;
}

std::optional<JsonReading> JsonReader::Read(std::string_view text) const {
  return JsonScan(*this, text).Run();
}

}  // namespace deadletter
