#include "operations/redaction.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <set>

#include "base/glob.h"
#include "base/sha256.h"
#include "base/text.h"
#include "letter/words.h"

namespace deadletter {
namespace {

constexpr std::string_view kAnyLevels = "**";

void MaskText(std::optional<std::string>& text, bool hidden) {
  if (hidden && text) text = kRedacted;
}

}  // namespace

// Writes what a parser reads, but for what is hidden. Its names are the library's.
class Masker {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  explicit Masker(const Redaction& redaction) : redaction_(redaction) {}

  [[nodiscard]] Redaction::Masked Take() { return {std::move(text_), hides_}; }

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return Open(false); }
  bool on_object_end(std::size_t, Error&) { return Close('}'); }
  bool on_array_begin(Error&) { return Open(true); }
  bool on_array_end(std::size_t, Error&) { return Close(']'); }
  bool on_key_part(Text part, std::size_t, Error&) { return Gather(part); }
  bool on_key(Text rest, std::size_t, Error&) {
    Gather(rest);
    if (hidden_depth_ == 0) {
      Separate();
      text_ += JsonString(gathered_) + ":";
      next_ = redaction_.Step(levels_.back().states, gathered_);
    }
    gathered_.clear();
    return true;
  }
  bool on_string_part(Text part, std::size_t, Error&) { return Gather(part); }
  bool on_string(Text rest, std::size_t, Error&) {
    Gather(rest);
    if (Begin()) text_ += JsonString(gathered_);
    gathered_.clear();
    return true;
  }
  bool on_number_part(Text part, Error&) { return Gather(part); }
  bool on_int64(std::int64_t, Text rest, Error&) { return Number(rest); }
  bool on_uint64(std::uint64_t, Text rest, Error&) { return Number(rest); }
  bool on_double(double, Text rest, Error&) { return Number(rest); }
  bool on_bool(bool value, Error&) { return Word(value ? "true" : "false"); }
  bool on_null(Error&) { return Word("null"); }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }

 private:
  struct Level {
    Redaction::States states;
    bool array = false;
    bool empty = true;
    std::uint64_t index = 0;  // of the next element, in an array
  };

  bool Gather(Text part) {
    gathered_.append(part.data(), part.size());
    return true;
  }

  bool Number(Text rest) {
    Gather(rest);
    if (Begin()) text_ += gathered_;
    gathered_.clear();
    return true;
  }

  bool Word(std::string_view word) {
    if (Begin()) text_ += word;
    return true;
  }

  void Separate() {
    if (!levels_.back().empty) text_ += ',';
    levels_.back().empty = false;
  }

  // At the beginning of every value. False: it is not to be written; what stands for it is.
  bool Begin() {
    if (hidden_depth_ > 0) return false;
    if (levels_.empty()) {
      next_ = redaction_.Start();
    } else if (levels_.back().array) {
      Separate();
      next_ = redaction_.Step(levels_.back().states, std::to_string(levels_.back().index++));
    }
    if (!redaction_.Hides(next_)) return true;
    text_ += JsonString(kRedacted);
    hides_ = true;
    return false;
  }

  bool Open(bool array) {
    if (!Begin()) {
      ++hidden_depth_;
      return true;
    }
    text_ += array ? '[' : '{';
    levels_.push_back({.states = std::move(next_), .array = array});
    return true;
  }

  bool Close(char bracket) {
    if (hidden_depth_ > 0) {
      --hidden_depth_;
      return true;
    }
    text_ += bracket;
    levels_.pop_back();
    return true;
  }

  const Redaction& redaction_;
  std::string text_;
  bool hides_ = false;
  std::string gathered_;  // of the key, string or number that is being read
  std::vector<Level> levels_;
  Redaction::States next_;        // of the value that comes next
  std::size_t hidden_depth_ = 0;  // containers that are open inside a hidden value, itself included
};

Redaction::Redaction(const std::vector<std::string>& places, const LetterFormat& format,
                     std::size_t max_body_bytes)
    : max_body_bytes_(max_body_bytes) {
  for (const std::string& place : places) {
    auto pointer = JsonPointer::Parse(place);
    if (!pointer) continue;
    first_state_.push_back(state_count_);
    state_count_ += pointer->tokens.size() + 1;
    patterns_.push_back(std::move(pointer->tokens));
  }
  hidden_ = {.type = Hides(format.type),
             .action = Hides(format.action),
             .execution_id = Hides(format.execution_id),
             .worker_id = Hides(format.worker_id),
             .message_id = Hides(format.message_id),
             .correlation_id = Hides(format.correlation_id)};
}

std::string Redaction::ViewName() const {
  std::string name = std::to_string(kWordsVersion);
  if (HidesNothing()) return name;
  std::set<Pattern> patterns(patterns_.begin(), patterns_.end());
  Sha256 hash;
  hash.AddPart(std::to_string(max_body_bytes_));
  for (const Pattern& pattern : patterns) {
    hash.AddPart(std::to_string(pattern.size()));
    for (const std::string& token : pattern) hash.AddPart(token);
  }
  return fmt::format("{} {:02x}", name, fmt::join(hash.Finish(), ""));
}

// Together with the states that "**" leads to without a token.
void Redaction::Reach(States& states, std::vector<bool>& reached, State state) const {
  const Pattern& pattern = patterns_[state.pattern];
  while (true) {
    auto known = reached[first_state_[state.pattern] + state.done];
    if (known) return;
    known = true;
    states.push_back(state);
    if (state.done == pattern.size() || pattern[state.done] != kAnyLevels) return;
    ++state.done;
  }
}

Redaction::States Redaction::Start() const {
  States states;
  std::vector<bool> reached(state_count_);
  for (std::size_t pattern = 0; pattern < patterns_.size(); ++pattern)
    Reach(states, reached, {.pattern = pattern, .done = 0});
  return states;
}

Redaction::States Redaction::Step(const States& states, std::string_view token) const {
  States next;
  if (states.empty()) return next;
  std::vector<bool> reached(state_count_);
  for (const State& state : states) {
    const Pattern& pattern = patterns_[state.pattern];
    if (state.done == pattern.size()) continue;
    if (pattern[state.done] == kAnyLevels) {
      Reach(next, reached, state);
    } else if (GlobMatches(pattern[state.done], token)) {
      Reach(next, reached, {.pattern = state.pattern, .done = state.done + 1});
    }
  }
  return next;
}

bool Redaction::Hides(const States& states) const {
  return std::ranges::any_of(
      states, [&](const State& state) { return state.done == patterns_[state.pattern].size(); });
}

bool Redaction::Hides(const FieldPlace& place) const {
  const auto* pointer = std::get_if<JsonPointer>(&place.place);
  if (pointer == nullptr) return false;
  States states = Start();
  bool hidden = Hides(states);
  for (const std::string& token : pointer->tokens) {
    states = Step(states, token);
    hidden = hidden || Hides(states);
  }
  return hidden;
}

bool Redaction::Touches(const JsonPointer& place) const {
  States states = Start();
  for (const std::string& token : place.tokens) {
    if (Hides(states)) return true;
    states = Step(states, token);
  }
  return !states.empty();  // here, or what a pattern still waits for may be below
}

std::optional<Redaction::Masked> Redaction::Mask(std::string_view body) const {
  if (HidesNothing() || body.empty()) return Masked{.body = std::string(body)};
  if (body.size() > max_body_bytes_) return std::nullopt;
  boost::json::parse_options options;
  options.max_depth = kMaxRedactedDepth;
  boost::json::basic_parser<Masker> parser(options, *this);
  boost::json::error_code error;
  const std::size_t read = parser.write_some(false, body.data(), body.size(), error);
  if (error || !parser.done() || read != body.size()) return std::nullopt;
  return parser.handler().Take();
}

void Redaction::Mask(LetterSummary& letter) const {
  MaskText(letter.type, hidden_.type);
  MaskText(letter.action, hidden_.action);
  MaskText(letter.execution_id, hidden_.execution_id);
  MaskText(letter.worker_id, hidden_.worker_id);
  MaskText(letter.message_id, hidden_.message_id);
  MaskText(letter.correlation_id, hidden_.correlation_id);
}

bool Redaction::HidesFilter(std::string_view name) const {
  return (name == "type" && hidden_.type) || (name == "action" && hidden_.action) ||
         (name == "execution_id" && hidden_.execution_id) ||
         (name == "worker_id" && hidden_.worker_id);
}

}  // namespace deadletter
