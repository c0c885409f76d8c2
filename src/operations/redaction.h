// What of a letter nobody is shown who is not an admin and says so (configuration key `redact`):
// places in bodies, and whatever else is shown that was read from one of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/catalog.h"
#include "letter/letter_format.h"

namespace deadletter {

inline constexpr std::string_view kRedacted = "***";

// A body deeper than this is one that we cannot read here.
inline constexpr std::size_t kMaxRedactedDepth = 1'000;

// Each mark costs some bytes and a bit of work.
inline constexpr std::size_t kMaxSealedPlaces = 10'000;

class Marks;
class Masker;

// Immutable: safe from any thread.
class Redaction {
 public:
  Redaction() = default;  // hides nothing

  // JSON Pointers (RFC 6901) whose tokens are globs: `*` any run of characters, `?` one; the token
  // `**` is any number of levels, none among them. What is no pointer hides nothing: the
  // configuration refuses it.
  Redaction(const std::vector<std::string>& places, const LetterFormat& format,
            std::size_t max_body_bytes);

  [[nodiscard]] bool HidesNothing() const { return patterns_.empty(); }

  // Names what of letters is shown, and so may be found: two that hide the same by the same have
  // the same name. Changes, too, where letters come to be found by other words.
  [[nodiscard]] std::string ViewName() const;

  // The body as JSON without space between its values, "***" in place of each value that is hidden,
  // whatever it is; all else as it was, numbers digit by digit. An empty body is empty.
  //
  // Nothing where the body cannot be read (no JSON by RFC 8259, deeper than kMaxRedactedDepth, more
  // than `max_body_bytes`): nobody can tell then what in it is to be hidden, and so all of it is.
  struct Masked {
    std::string body;
    bool hides = false;  // something in it is hidden
  };
  [[nodiscard]] std::optional<Masked> Mask(std::string_view body) const;

  // A body with a mark in place of each value that is hidden: a text of that place alone that
  // nobody can guess, so that it is seen where a value is moved, copied or put in another's place.
  struct Sealed {
    std::string body;
    std::string key;         // of its marks
    std::size_t places = 0;  // with a mark
  };
  // Nothing where Mask() gives nothing, or more than kMaxSealedPlaces would be marked.
  [[nodiscard]] std::optional<Sealed> Seal(std::string_view body) const;
  // Whether in `edited`, which was made of `sealed.body`, each mark stands in its own place.
  [[nodiscard]] bool IsWhole(const Sealed& sealed, const std::string& edited) const;

  // The same for what was read from hidden places into the letter's own fields.
  void Mask(LetterSummary& letter) const;

  // Whether something at that place is hidden, around it, or may be below it.
  [[nodiscard]] bool Touches(const JsonPointer& place) const;

  // Whether that place, or something around it, is hidden.
  [[nodiscard]] bool Covers(const JsonPointer& place) const;

  [[nodiscard]] std::size_t max_body_bytes() const { return max_body_bytes_; }

  // Whether the platform's row would tell what is hidden: its result names execution and worker.
  [[nodiscard]] bool HidesExecution() const { return hidden_.execution_id || hidden_.worker_id; }

  // Whether the filter of that name (of GET /v1/letters) looks at something hidden: its answers
  // would tell, guess by guess.
  [[nodiscard]] bool HidesFilter(std::string_view name) const;

 private:
  friend class Masker;

  using Pattern = std::vector<std::string>;
  struct Fields {
    bool type = false;
    bool action = false;
    bool execution_id = false;
    bool worker_id = false;
    bool message_id = false;
    bool correlation_id = false;
  };
  // Where a pattern stands on the way to some value: which one, and how many of its tokens are
  // done.
  struct State {
    std::size_t pattern = 0;
    std::size_t done = 0;
    friend bool operator==(const State&, const State&) = default;
  };
  using States = std::vector<State>;

  [[nodiscard]] States Start() const;
  [[nodiscard]] States Step(const States& states, std::string_view token) const;
  [[nodiscard]] bool Hides(const States& states) const;
  [[nodiscard]] bool Hides(const FieldPlace& place) const;
  // Nothing: it is no JSON that we can read here.
  [[nodiscard]] std::optional<Masker> Walk(std::string_view body, Marks* marks) const;
  void Reach(States& states, std::vector<bool>& reached, State state) const;

  std::vector<Pattern> patterns_;
  std::vector<std::size_t> first_state_;  // of each pattern, among the states of all
  std::size_t state_count_ = 0;
  Fields hidden_;
  std::size_t max_body_bytes_ = 0;
};

}  // namespace deadletter
