// Reading JSON bodies: the whole text is checked, a few places in it are kept
// (docs/decisions/0002-reading-bodies.md says why this is our own). Internal to the layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "letter/letter_format.h"

namespace deadletter {

enum class JsonKind { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };

// A value as it stands in the text, from its first character to its last: a string with its quotes,
// a number with every digit. Valid while the text is.
struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  std::string_view raw;

  friend bool operator==(const JsonValue&, const JsonValue&) = default;
};

struct JsonReading {
  JsonKind root = JsonKind::kNull;
  std::vector<std::optional<JsonValue>>
      values;  // one a place, in the order the reader was given them
};

// Immutable after construction; Read() may be called from any number of threads at once.
class JsonReader {
 public:
  explicit JsonReader(const std::vector<JsonPointer>& places);

  // Nothing where `text` is not JSON by RFC 8259, to the last byte: grammar, UTF-8, one value and
  // no byte order mark. What the grammar allows is allowed: numbers of any size, lone surrogate
  // escapes, any depth (a bit of memory a level, no recursion). Of duplicate keys the last wins, at
  // every level of a place: a later parent replaces whatever was found below an earlier one. An
  // array's elements are named "0", "1", … without leading zeros.
  [[nodiscard]] std::optional<JsonReading> Read(std::string_view text) const;

 private:
  friend class JsonScan;

  // A node of the tree that the places form; node 0 is the whole document.
  struct Node {
    std::string token;
    std::optional<std::uint64_t> index;  // the token as an array's index
    std::vector<std::size_t> places;     // which end here
    std::vector<std::size_t> below;      // which end further down
    std::vector<std::size_t> children;
  };

  void AddPlace(const JsonPointer& pointer, std::size_t place);
  [[nodiscard]] std::size_t ChildOf(std::size_t node, const std::string& token);

  std::vector<Node> nodes_;
  std::size_t place_count_ = 0;
  std::size_t max_depth_ = 0;  // of the tree
};

}  // namespace deadletter
