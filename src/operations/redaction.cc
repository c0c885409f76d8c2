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
#include "base/uuid.h"
#include "letter/words.h"

namespace deadletter {
namespace {

constexpr std::string_view kAnyLevels = "**";

void MaskText(std::optional<std::string>& text, bool hidden) {
  if (hidden && text) text = kRedacted;
}

}  // namespace

// What stands in a sealed body for hidden values: of each place, from the outermost container on, a
// digest of the one around it and its own name.
class Marks {
 public:
  explicit Marks(std::string key) : key_(std::move(key)) {}

  void Open(std::string name) { levels_.push_back({.name = std::move(name), .digest = {}}); }
  void Close() { levels_.pop_back(); }
  // Of what is called so in the container that was opened last.
  [[nodiscard]] std::string Of(std::string_view name) {
    std::size_t known = levels_.size();
    while (known > 0 && levels_[known - 1].digest.empty()) --known;
    std::string around = known == 0 ? "" : levels_[known - 1].digest;
    for (; known < levels_.size(); ++known)
      around = levels_[known].digest = Digest(around, levels_[known].name);
    return Digest(around, name);
  }

 private:
  struct Level {
    std::string name;
    std::string digest;  // made when it is needed first
  };

  [[nodiscard]] std::string Digest(std::string_view around, std::string_view name) const {
    Sha256 hash;
    hash.AddPart(key_);
    hash.AddPart(around);
    hash.AddPart(name);
    return fmt::format("{:02x}", fmt::join(hash.Finish(), "")).substr(0, kMarkCharacters);
  }

  static constexpr std::size_t kMarkCharacters = 32;  // 128 bits
  const std::string key_;
  std::vector<Level> levels_;
};

// Writes what a parser reads, but for what is hidden. Its names are the library's.
class Masker {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  // With `marks`, those in place of what is hidden, and kRedacted without.
  explicit Masker(const Redaction& redaction, Marks* marks = nullptr)
      : redaction_(redaction), marks_(marks) {}

  [[nodiscard]] std::string Take() { return std::move(text_); }
  [[nodiscard]] std::size_t hidden() const { return hidden_; }
  [[nodiscard]] std::size_t marked() const { return marked_; }  // that were their marks already

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
      if (marks_ != nullptr) name_ = gathered_;
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
      name_ = std::to_string(levels_.back().index++);
      next_ = redaction_.Step(levels_.back().states, name_);
    }
    if (!redaction_.Hides(next_)) return true;
    ++hidden_;
    text_ += JsonString(Stands());
    return false;
  }

  // For what is hidden. Of more than may be marked nobody reads the text.
  [[nodiscard]] std::string Stands() {
    if (marks_ == nullptr) return std::string(kRedacted);
    if (hidden_ > kMaxSealedPlaces) return {};
    std::string mark = marks_->Of(name_);
    if (gathered_ == mark) ++marked_;
    return mark;
  }

  bool Open(bool array) {
    if (!Begin()) {
      ++hidden_depth_;
      return true;
    }
    text_ += array ? '[' : '{';
    levels_.push_back({.states = std::move(next_), .array = array});
    if (marks_ != nullptr) marks_->Open(name_);
    return true;
  }

  bool Close(char bracket) {
    if (hidden_depth_ > 0) {
      --hidden_depth_;
      return true;
    }
    text_ += bracket;
    levels_.pop_back();
    if (marks_ != nullptr) marks_->Close();
    return true;
  }

  const Redaction& redaction_;
  Marks* const marks_;
  std::string text_;
  std::size_t hidden_ = 0;
  std::size_t marked_ = 0;
  std::string name_;      // of the value that comes next, in what is around it
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
  return pointer != nullptr && Covers(*pointer);
}

bool Redaction::Covers(const JsonPointer& place) const {
  States states = Start();
  bool hidden = Hides(states);
  for (const std::string& token : place.tokens) {
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

std::optional<Masker> Redaction::Walk(std::string_view body, Marks* marks) const {
  boost::json::parse_options options;
  options.max_depth = kMaxRedactedDepth;
  boost::json::basic_parser<Masker> parser(options, *this, marks);
  boost::json::error_code error;
  const std::size_t read = parser.write_some(false, body.data(), body.size(), error);
  if (error || !parser.done() || read != body.size()) return std::nullopt;
  return std::move(parser.handler());
}

std::optional<Redaction::Masked> Redaction::Mask(std::string_view body) const {
  if (HidesNothing() || body.empty()) return Masked{.body = std::string(body)};
  if (body.size() > max_body_bytes_) return std::nullopt;
  auto masker = Walk(body, nullptr);
  if (!masker) return std::nullopt;
  return Masked{.body = masker->Take(), .hides = masker->hidden() > 0};
}

std::optional<Redaction::Sealed> Redaction::Seal(std::string_view body) const {
  if (HidesNothing() || body.empty()) return Sealed{.body = std::string(body), .key = ""};
  if (body.size() > max_body_bytes_) return std::nullopt;
  std::string key = FormatUuid(RandomUuid());
  Marks marks(key);
  auto masker = Walk(body, &marks);
  if (!masker || masker->hidden() > kMaxSealedPlaces) return std::nullopt;
  return Sealed{.body = masker->Take(), .key = std::move(key), .places = masker->hidden()};
}

bool Redaction::IsWhole(const Sealed& sealed, const std::string& edited) const {
  Marks marks(sealed.key);
  const auto masker = Walk(edited, &marks);
  return masker && masker->marked() == sealed.places;
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
