// JSON written as text: what is kept as JSON (a body, a result) is passed on digit by digit, so
// that a number beyond 64 bits arrives as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace deadletter {

class JsonObject {
 public:
  // `json` is a JSON value; `name` needs no escaping.
  JsonObject& Add(std::string_view name, std::string_view json);

  [[nodiscard]] std::string Take();  // once

 private:
  std::string text_ = "{";
};

class JsonArray {
 public:
  JsonArray& Add(std::string_view json);

  [[nodiscard]] std::string Take();  // once

 private:
  std::string text_ = "[";
};

inline constexpr std::string_view kJsonNull = "null";

// Text from a letter or a person: always valid JSON and UTF-8, at most `max_bytes` of it.
[[nodiscard]] std::string JsonDisplay(std::string_view bytes, std::size_t max_bytes);

// The same, with as much of it as answers show.
inline constexpr std::size_t kMaxTextBytes = 1'024;
[[nodiscard]] std::string TextJson(std::string_view bytes);

// The same; null where there is none.
[[nodiscard]] std::string TextOrNull(const std::optional<std::string>& bytes);

// The same; null where it is empty. The ledger holds an empty one where the broker has no name to
// give.
[[nodiscard]] std::string KnownTextJson(std::string_view bytes);

[[nodiscard]] std::string TimeJson(Instant instant);
[[nodiscard]] std::string TimeJson(const std::optional<Instant>& instant);
[[nodiscard]] std::string FlagJson(bool flag);

// `json` without the space between its values, so that it fits on a line; nothing where it is not
// strictly JSON (RFC 8259, one value, UTF-8, no lone surrogate) or nested deeper than `max_depth`.
[[nodiscard]] std::optional<std::string> CompactJson(std::string_view json, std::size_t max_depth);

}  // namespace deadletter
